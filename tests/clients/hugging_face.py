"""A Llama model of a Hugging Face directory in plain PyTorch, written from the model's description: what our export means
to a reader that shares no line with us.

  hugging_face.py DIRECTORY < IDS > LOGPROBS     a line of token ids a text; the answer is 4-byte floats, ln p of every
                                                 token after each of the ids, one text after the other
"""
import json
import pathlib
import struct
import sys

import numpy
import torch

TYPES = {"F32": (torch.float32, 4), "F16": (torch.float16, 2), "BF16": (torch.bfloat16, 2)}


def read_safetensors(path):
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    assert header.pop("__metadata__")["format"] == "pt"
    tensors = {}
    for name, entry in header.items():
        dtype, size = TYPES[entry["dtype"]]
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = torch.frombuffer(bytearray(data[begin:end]), dtype=dtype).reshape(entry["shape"]).double()
    return tensors


class Llama:
    def __init__(self, directory):
        self.config = json.loads((directory / "config.json").read_text())
        self.tensors = read_safetensors(directory / "model.safetensors")
        assert self.config["architectures"] == ["LlamaForCausalLM"] and self.config["hidden_act"] == "silu"
        assert self.config["rope_parameters"]["rope_theta"] == self.config["rope_theta"]

    def norm(self, x, name):
        mean = x.pow(2).mean(-1, keepdim=True)
        return self.tensors[name] * (x * torch.rsqrt(mean + self.config["rms_norm_eps"]))

    def rotate(self, x):  # [heads, positions, head_dim], pairs half a head apart
        size = self.config["head_dim"]
        frequencies = self.config["rope_theta"] ** (-torch.arange(0, size, 2).double() / size)
        angles = torch.arange(x.shape[1]).double()[:, None] * frequencies[None, :]
        cos, sin = torch.cat([angles.cos()] * 2, -1), torch.cat([angles.sin()] * 2, -1)
        turned = torch.cat([-x[..., size // 2:], x[..., :size // 2]], -1)
        return x * cos + turned * sin

    def attend(self, x, layer):
        c, prefix = self.config, f"model.layers.{layer}.self_attn."
        heads, kv_heads, size = c["num_attention_heads"], c["num_key_value_heads"], c["head_dim"]

        def project(name, count):
            return (x @ self.tensors[prefix + name + "_proj.weight"].T).reshape(len(x), count, size).transpose(0, 1)

        query, key, value = project("q", heads), project("k", kv_heads), project("v", kv_heads)
        key, value = (t.repeat_interleave(heads // kv_heads, 0) for t in (self.rotate(key), value))
        scores = self.rotate(query) @ key.transpose(1, 2) / size ** 0.5
        mask = torch.full((len(x), len(x)), float("-inf"), dtype=torch.double).triu(1)
        out = (torch.softmax(scores + mask, -1) @ value).transpose(0, 1).reshape(len(x), heads * size)
        return out @ self.tensors[prefix + "o_proj.weight"].T

    def log_probabilities(self, ids):
        x = self.tensors["model.embed_tokens.weight"][ids]
        for layer in range(self.config["num_hidden_layers"]):
            prefix = f"model.layers.{layer}."
            x = x + self.attend(self.norm(x, prefix + "input_layernorm.weight"), layer)
            y = self.norm(x, prefix + "post_attention_layernorm.weight")
            weight = {name: self.tensors[f"{prefix}mlp.{name}_proj.weight"] for name in ("gate", "up", "down")}
            x = x + (torch.nn.functional.silu(y @ weight["gate"].T) * (y @ weight["up"].T)) @ weight["down"].T
        tied = self.config["tie_word_embeddings"]
        assert tied != ("lm_head.weight" in self.tensors)
        head = self.tensors["model.embed_tokens.weight" if tied else "lm_head.weight"]
        return torch.log_softmax(self.norm(x, "model.norm.weight") @ head.T, -1)


def main():
    model = Llama(pathlib.Path(sys.argv[1]))
    for line in sys.stdin:
        with torch.no_grad():
            found = model.log_probabilities([int(word) for word in line.split()])
        sys.stdout.buffer.write(found.float().numpy().astype(numpy.float32).tobytes())


main()
