"""Writes models as other programs would, with no line of ours: random weights and a vocabulary learned here, as GGUF in
every type that is read and as a Hugging Face directory in two parts, for each pre-split.

  foreign.py FOLDER
"""
import collections
import json
import pathlib
import struct
import sys

import numpy

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
          r"\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")


def byte_level(use_regex):
    return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": use_regex}


def split(pattern):
    return {"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}, byte_level(False)]}


# Of each pre-split: how tokenizer.json says it, special tokens, which of them begins and ends a text, whether one is
# added in front, and the model: heads, heads of keys, size of a head, untied, RoPE base, epsilon, by how much slow
# rotations are slowed down.
KINDS = {
    "gpt-2": dict(pre=byte_level(True), specials=["<|endoftext|>"], begin="<|endoftext|>", end="<|endoftext|>", adds=False,
                  model=(4, 4, 16, False, 10000.0, 1e-5, 1)),
    "llama-bpe": dict(pre=split(LLAMA3), specials=["<|begin_of_text|>", "<|end_of_text|>", "<|reserved_0|>"],
                      begin="<|begin_of_text|>", end="<|end_of_text|>", adds=True, model=(4, 2, 16, False, 500000.0, 1e-5, 32)),
    "qwen2": dict(pre=split(QWEN2), specials=["<|endoftext|>", "<|im_start|>", "<|im_end|>"], begin=None,
                  end="<|endoftext|>", adds=False, model=(6, 2, 8, True, 1000000.0, 1e-6, 1)),
    "smollm": dict(pre={"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True},
                                                               byte_level(True)]},
                   specials=["<|endoftext|>", "<|im_start|>", "<|im_end|>"], begin="<|endoftext|>", end="<|endoftext|>",
                   adds=False, model=(9, 3, 8, False, 100000.0, 1e-5, 1)),
}
WIDTH, HIDDEN, LAYERS, CONTEXT = 64, 96, 2, 256


def alphabet():
    """GPT-2's: a printable character for each byte."""
    plain = [*range(0x21, 0x7f), *range(0xa1, 0xad), *range(0xae, 0x100)]
    table, extra = {}, 0
    for byte in range(256):
        if byte in plain:
            table[byte] = chr(byte)
        else:
            table[byte] = chr(0x100 + extra)
            extra += 1
    return table


def learn(text, count, table):
    """Byte-level BPE in its plainest form; words are cut at spaces, which go with the word after them."""
    words = collections.Counter(tuple(table[b] for b in (" " + w).encode()) for w in text.split())
    words.update(collections.Counter(tuple(table[b] for b in w.encode()) for w in text.split()))
    merges = []
    while len(merges) < count:
        pairs = collections.Counter()
        for word, n in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += n
        if not pairs:
            break
        best = max(pairs.items(), key=lambda item: (item[1], item[0]))[0]
        merges.append(best)
        merged = collections.Counter()
        for word, n in words.items():
            out, i = [], 0
            while i < len(word):
                if word[i:i + 2] == best:
                    out.append(word[i] + word[i + 1])
                    i += 2
                else:
                    out.append(word[i])
                    i += 1
            merged[tuple(out)] += n
        words = merged
    return merges


def vocabulary(kind):
    table = alphabet()
    text = ("the walk walks walked walking talk talked river rivers stone bridge nobody they're we'll don't 1234 2026 12 "
            "caf\u00e9 na\u00efve \u043f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440 \u4e2d\u6587 (yes) \"no\" ... !? x=y ") * 3
    merges, seen = [], set(table.values())
    for left, right in learn(text, 150, table):
        if left + right not in seen:
            seen.add(left + right)
            merges.append((left, right))
    tokens = [table[b] for b in range(256)] + [a + b for a, b in merges]
    if kind == "llama-bpe":
        tokens += ["theodore", "\u0120walkietalkie"]  # whole words that no merges lead to
    return tokens, merges, tokens + KINDS[kind]["specials"]


def weights(kind, size):
    heads, kv_heads, head_dim, untied, *_ = KINDS[kind]["model"]
    random = numpy.random.default_rng(11)

    def matrix(rows, columns):
        return (random.standard_normal((rows, columns)) * 0.4 / columns ** 0.5 * 2).astype(numpy.float32)

    def norm():
        return (1 + 0.1 * random.standard_normal(WIDTH)).astype(numpy.float32)

    tensors = {"token_embd": matrix(size, WIDTH), "output_norm": norm()}
    if untied:
        tensors["output"] = matrix(size, WIDTH)
    for layer in range(LAYERS):
        for name, tensor in {
                "attn_norm": norm(), "attn_q": matrix(heads * head_dim, WIDTH), "attn_k": matrix(kv_heads * head_dim, WIDTH),
                "attn_v": matrix(kv_heads * head_dim, WIDTH), "attn_output": matrix(WIDTH, heads * head_dim),
                "ffn_norm": norm(), "ffn_gate": matrix(HIDDEN, WIDTH), "ffn_up": matrix(HIDDEN, WIDTH),
                "ffn_down": matrix(WIDTH, HIDDEN)}.items():
            tensors[f"blk.{layer}.{name}"] = tensor
    return tensors


def rope_divisors(base, head_dim, factor):
    """As llama.cpp's converter makes them of Llama 3.1's configuration: by wavelength, 8192 positions before."""
    wavelength = 2 * numpy.pi * base ** (numpy.arange(0, head_dim, 2) / head_dim)
    smooth = (8192 / wavelength - 1) / (4 - 1)
    between = 1 / ((1 - smooth) / factor + smooth)
    return numpy.where(wavelength < 8192 / 4, 1, numpy.where(wavelength > 8192 / 1, factor, between)).astype(numpy.float32)


def bf16(x):
    bits = x.view(numpy.uint32).astype(numpy.uint64)
    return ((bits + 0x7fff + (bits >> 16 & 1)) >> 16).astype(numpy.uint16)


def q8_0(x):
    blocks = x.reshape(-1, 32)
    scale = (numpy.abs(blocks).max(1) / 127).astype(numpy.float16)
    divisor = numpy.where(scale == 0, 1, scale).astype(numpy.float32)
    values = numpy.clip(numpy.rint(blocks / divisor[:, None]), -127, 127).astype(numpy.int8)
    return b"".join(s.tobytes() + v.tobytes() for s, v in zip(scale, values))


def q4_0(x):
    blocks = x.reshape(-1, 32)
    largest = blocks[numpy.arange(len(blocks)), numpy.abs(blocks).argmax(1)]
    scale = (largest / -8).astype(numpy.float16)
    divisor = numpy.where(scale == 0, 1, scale).astype(numpy.float32)
    values = numpy.clip(numpy.rint(blocks / divisor[:, None]) + 8, 0, 15).astype(numpy.uint8)
    return b"".join(s.tobytes() + (v[:16] | v[16:] << 4).tobytes() for s, v in zip(scale, values))


# Of each type: its number in GGUF, general.file_type, and how a matrix is written; rows that are no whole blocks are F16.
TYPES = {"f32": (0, 0, lambda x: x.tobytes()), "f16": (1, 1, lambda x: x.astype(numpy.float16).tobytes()),
         "bf16": (30, 32, lambda x: bf16(x).tobytes()), "q8_0": (8, 7, q8_0), "q4_0": (2, 2, q4_0)}


def text_(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def key(name, kind, value):
    number = {"u32": 4, "i32": 5, "f32": 6, "bool": 7, "str": 8}
    single = {"u32": lambda v: struct.pack("<I", v), "i32": lambda v: struct.pack("<i", v),
              "f32": lambda v: struct.pack("<f", v), "bool": lambda v: struct.pack("<?", v), "str": text_}[kind]
    if isinstance(value, list):
        return text_(name) + struct.pack("<IIQ", 9, number[kind], len(value)) + b"".join(map(single, value))
    return text_(name) + struct.pack("<I", number[kind]) + single(value)


def write_gguf(path, kind, tokens, merges, tensors, name):
    k, specials = KINDS[kind], set(KINDS[kind]["specials"])
    heads, kv_heads, head_dim, _, base, epsilon, factor = k["model"]
    number, file_type, encode = TYPES[name]
    keys = [key("general.architecture", "str", "llama"), key("general.file_type", "u32", file_type),
            key("general.quantization_version", "u32", 2), key("llama.context_length", "u32", CONTEXT),
            key("llama.embedding_length", "u32", WIDTH), key("llama.block_count", "u32", LAYERS),
            key("llama.feed_forward_length", "u32", HIDDEN), key("llama.attention.head_count", "u32", heads),
            key("llama.attention.head_count_kv", "u32", kv_heads), key("llama.rope.dimension_count", "u32", head_dim),
            key("llama.attention.key_length", "u32", head_dim), key("llama.attention.value_length", "u32", head_dim),
            key("llama.rope.freq_base", "f32", base), key("llama.attention.layer_norm_rms_epsilon", "f32", epsilon),
            key("llama.vocab_size", "u32", len(tokens)), key("tokenizer.ggml.model", "str", "gpt2"),
            key("tokenizer.ggml.pre", "str", kind), key("tokenizer.ggml.tokens", "str", tokens),
            key("tokenizer.ggml.token_type", "i32", [3 if token in specials else 1 for token in tokens]),
            key("tokenizer.ggml.merges", "str", [a + " " + b for a, b in merges]),
            key("tokenizer.ggml.eos_token_id", "u32", tokens.index(k["end"])),
            key("tokenizer.ggml.bos_token_id", "u32", tokens.index(k["begin"] or k["end"])),
            key("tokenizer.ggml.add_bos_token", "bool", k["adds"])]
    if factor != 1:
        tensors = {"rope_freqs": rope_divisors(base, head_dim, factor), **tensors}
    entries, data = b"", b""
    for tensor_name, tensor in tensors.items():
        kind_number, encoded = number, None
        if tensor.ndim == 1:
            kind_number, encoded = 0, tensor.tobytes()
        elif name in ("q8_0", "q4_0") and tensor.shape[1] % 32:
            kind_number, encoded = 1, tensor.astype(numpy.float16).tobytes()
        else:
            encoded = encode(tensor)
        entries += text_(tensor_name + ".weight") + struct.pack("<I", tensor.ndim)
        entries += b"".join(struct.pack("<Q", size) for size in reversed(tensor.shape))
        entries += struct.pack("<IQ", kind_number, len(data))
        data += encoded + bytes(-len(encoded) % 32)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys)) + b"".join(keys) + entries
    path.write_bytes(head + bytes(-len(head) % 32) + data)


def hugging_face_name(name):
    names = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
    if name in names:
        return names[name] + ".weight"
    _, layer, part = name.split(".")
    parts = {"attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
             "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm",
             "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}
    return f"model.layers.{layer}.{parts[part]}.weight"


def halves(tensor, head_dim):
    """Rows of queries or keys as transformers has them."""
    return tensor.reshape(-1, head_dim // 2, 2, tensor.shape[1]).swapaxes(1, 2).reshape(tensor.shape)


def write_safetensors(path, tensors):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, tensor in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + tensor.nbytes]}
        data += numpy.ascontiguousarray(tensor).tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def write_hugging_face(folder, kind, tokens, merges, tensors):
    k = KINDS[kind]
    heads, kv_heads, head_dim, untied, base, epsilon, factor = k["model"]
    folder.mkdir()
    padded = len(tokens) + (5 if kind == "qwen2" else 0)  # rows that no token has
    named = {}
    for name, tensor in tensors.items():
        if padded > len(tokens) and name in ("token_embd", "output"):
            tensor = numpy.concatenate([tensor, numpy.zeros((padded - len(tokens), WIDTH), numpy.float32)])
        rotated = name.endswith("attn_q") or name.endswith("attn_k")
        named[hugging_face_name(name)] = halves(tensor, head_dim) if rotated else tensor
    names = list(named)
    parts = {"model-00001-of-00002.safetensors": names[:7], "model-00002-of-00002.safetensors": names[7:]}
    for file, part in parts.items():
        write_safetensors(folder / file, {name: named[name] for name in part})
    weight_map = {name: file for file, part in parts.items() for name in part}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": padded, "hidden_size": WIDTH,
              "intermediate_size": HIDDEN, "num_hidden_layers": LAYERS, "num_attention_heads": heads,
              "num_key_value_heads": kv_heads, "head_dim": head_dim, "hidden_act": "silu",
              "max_position_embeddings": CONTEXT, "rms_norm_eps": epsilon, "rope_theta": base, "rope_scaling": None,
              "tie_word_embeddings": not untied, "attention_bias": False, "mlp_bias": False,
              "eos_token_id": tokens.index(k["end"])}
    if factor != 1:
        config["rope_scaling"] = {"rope_type": "llama3", "factor": float(factor), "low_freq_factor": 1.0,
                                  "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}
    if k["begin"]:
        config["bos_token_id"] = tokens.index(k["begin"])
    (folder / "config.json").write_text(json.dumps(config))
    words = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": {"content": k["end"]}, "bos_token": k["begin"]}
    (folder / "tokenizer_config.json").write_text(json.dumps(words))
    added = [{"id": tokens.index(t), "content": t, "single_word": False, "lstrip": False, "rstrip": False,
              "normalized": False, "special": True} for t in k["specials"]]
    processor = byte_level(False)
    if k["adds"]:
        template = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": k["begin"], "type_id": 0}},
                                                             {"Sequence": {"id": "A", "type_id": 0}}],
                    "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                    "special_tokens": {k["begin"]: {"id": k["begin"], "ids": [tokens.index(k["begin"])],
                                                    "tokens": [k["begin"]]}}}
        processor = {"type": "Sequence", "processors": [processor, template]}
    plain = [token for token in tokens if token not in k["specials"]]
    tokenizer = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
                 "normalizer": {"type": "NFC"} if kind == "qwen2" else None, "pre_tokenizer": k["pre"],
                 "post_processor": processor, "decoder": byte_level(True),
                 "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                           "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
                           "ignore_merges": kind == "llama-bpe", "vocab": {t: i for i, t in enumerate(plain)},
                           "merges": [list(pair) for pair in merges]}}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False))


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        _, merges, tokens = vocabulary(kind)
        tensors = weights(kind, len(tokens))
        write_hugging_face(folder / kind, kind, tokens, merges, tensors)
        for name in TYPES:
            write_gguf(folder / f"{kind}-{name}.gguf", kind, tokens, merges, tensors, name)


main()
