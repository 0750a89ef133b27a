#!/usr/bin/python3
"""Golden numbers of the model, the crystalline loss and ten training steps, by PyTorch in double precision.

Independent of the C++ sources: it shares the formulas below and nothing else. Needs Debian's python3-torch.

    tools/golden/golden.py            writes tests/golden/*.json
    tools/golden/golden.py --check    computes them anew and compares (exit code 1 on a difference)

THE CONTRACT. A program that follows these lines and reads the JSON reproduces its figures; all arithmetic in double.

Random numbers (unsigned 64-bit, wrapping; src/base/random.h)
    Mix64(x)      x += 0x9e3779b97f4a7c15; x = (x ^ x>>30) * 0xbf58476d1ce4e5b9;
                  x = (x ^ x>>27) * 0x94d049bb133111eb; return x ^ x>>31
    RandomBits(key, counter) = Mix64(Mix64(key) ^ counter * 0xd1342543de82ef95)
    UnitDouble(bits) = (bits >> 11) * 2^-53

Initial parameters: element j (row-major) of tensor i (position in "tensors") is
    float32(center + scale * r),  r = (2 * UnitDouble(RandomBits(1000 + i, j)) - 1) * 1.7320508075688772
with "center" and "scale" of the tensor; each operation rounded to double in the order written. In the train files
norms are 1 (scale 0), the embedding has scale 0.04 and every matrix (an untied head too) 0.1; in the forward files
norms vary by 0.1.

Shape: "model" has L = layers, H = heads, K = kv_heads, D = head_dim, C = width, F = hidden, T = context,
V = vocabulary, tied, rope_base and norm_eps. Fields that a file has not are K = H, D = C / H, tied, rope_base 10000,
norm_eps 1e-5; the *_grouped files have all of them. K divides H, D is even.

Model: x = E[token]. Per layer: n = rmsnorm(x) * attention_norm; query, key, value = rows [0, HD), [HD, HD + KD),
[HD + KD, HD + 2KD) of query_key_value [HD + 2KD, C] times n; in each head of D consecutive rows the pairs (2j, 2j+1) of
query and key are rotated by t * rope_base^(-j / (D/2)): (a, b) -> (a cos - b sin, a sin + b cos); query head h attends
to key and value head floor(h / (H / K)); x += attention_output [C, HD] * causal softmax attention with scores
q.k / sqrt(D); m = rmsnorm(x) * ffn_norm; x += down * (silu(gate m) * (up m)), gate and up = rows [0, F), [F, 2F) of
gate_up. Logits = E * (rmsnorm(x) * final_norm), or head * (...) where the model is not tied; "head" [V, C] is then the
last tensor, after final_norm. rmsnorm(x) = x / sqrt(mean(x^2) + norm_eps). Matrices are [outputs, inputs].

Loss, mean over the positions of the batch; p = softmax(logits), t = target:
    token = -ln p_t;  root = -ln sum of p over v with root_class[v] = root_class[t];  form likewise with form_class
    total = token + lambda * (root + form)
"batches"[step] holds "batch" rows of context + 1 tokens: columns 0..T-1 are inputs, columns 1..T targets.

One step s (from 0): gradients of total; grad_norm = sqrt(sum of squares over all tensors); if grad_norm > 1 every
gradient is divided by it; then each tensor moves by its "optimizer" with
    rate(s) = peak_rate * min(1, (s + 1) / warmup_steps) * (0.1 + 0.9 * 0.5 * (1 + cos(pi * s / total_steps)))
AdamW (all tensors in *_adamw.json; embedding, norms and an untied head in *_muon.json), k = s + 1:
    m = 0.9 m + 0.1 g;  v = 0.99 v + 0.01 g^2
    W = W * (1 - decay * rate) - rate * (m / (1 - 0.9^k)) / (sqrt(v / (1 - 0.99^k)) + 1e-8)
Muon (matrices inside layers in *_muon.json):
    m = 0.95 m + g;  d = g + 0.95 m
    for each part of the tensor, a block of consecutive rows (query, key, value; gate, up; else the whole), G = its d:
        X = G / (frobenius(G) + 1e-7); if rows > columns, X = X^T; five times
            A = X X^T;  B = -4.7750 A + 2.0315 A A;  X = 3.4445 X + B X
        if rows > columns, X = X^T;  W = W * (1 - decay * rate) - rate * sqrt(max(1, rows / columns)) * X
rows and columns are those of the part. "parts" is the number of parts, of equal rows, or (in *_grouped.json) the list
of the parts' rows. decay is 0.1 for the embedding and all matrices, 0 for norms. The figures of step s are those before
its update.

Figures beside the losses: "first" = a tensor's first five elements; "norm" = square root of the sum of squares;
"projection" = sum over j of element j * (2 * UnitDouble(RandomBits(2000 + i, j)) - 1), which depends on every element.

Before anything is written or compared, the logits of each shape are computed twice: by PyTorch and by plain loops over
numbers (plain_model.py). They must agree to 1e-12.
"""
import argparse
import json
import math
import pathlib
import sys
import typing

import torch

import plain_model

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden"
MASK = (1 << 64) - 1
CONTEXT, BATCH, STEPS = 16, 4, 10
WARMUP, TOTAL_STEPS = 100, 2000
DECAY, BETAS, EPS, CLIP = 0.1, (0.9, 0.99), 1e-8, 1.0
ADAMW_PEAK, MUON_PEAK, MOMENTUM, QUINTIC = 3e-3, 1e-2, 0.95, (3.4445, -4.7750, 2.0315)

# Capitals, whole words of capitals, digits and bytes beyond ASCII, so that every class of byte occurs.
PASSAGE = """GLOUCESTER: Now is the winter of our discontent
Made glorious summer by this sun of York;
And all the clouds that lour'd upon our house
In the deep bosom of the ocean buried.
Now are our brows bound with victorious wreaths;
Our bruis\u00e9d arms hung up for monuments;
Our stern alarums chang\u00e9d to merry meetings,
Our dreadful marches to delightful measures.
KING RICHARD THE THIRD, Act 1, Scene 1, 1-8.
Grim-visaged War hath smooth'd his wrinkled front;
And now, instead of mounting barb\u00e9d steeds
To fright the souls of fearful adversaries,
He capers nimbly in a lady's chamber
To the lascivious pleasing of a lute.
But I, that am not shaped for sportive tricks,
Nor made to court an amorous looking-glass;
"""


class Shape(typing.NamedTuple):
    """The fields of "model", in the order of the files."""
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    width: int
    hidden: int
    context: int
    vocabulary: int
    tied: bool
    rope_base: float
    norm_eps: float

    @property
    def full(self):
        """Whether each query head has its own key and value head and all else is at its default."""
        return (self.kv_heads, self.head_dim * self.heads, self.tied, self.rope_base, self.norm_eps) == (
            self.heads, self.width, True, 10000.0, 1e-5)

    def fields(self):
        """What the files say of it: of a full shape only what has no default."""
        defaulted = ("kv_heads", "head_dim", "tied", "rope_base", "norm_eps") if self.full else ()
        return {name: value for name, value in self._asdict().items() if name not in defaulted}


def full_shape(vocabulary):
    return Shape(layers=2, heads=2, kv_heads=2, head_dim=16, width=32, hidden=48, context=CONTEXT,
                 vocabulary=vocabulary, tied=True, rope_base=10000.0, norm_eps=1e-5)


def grouped_shape(kv_heads):
    """Nothing at its default: heads of 24 in a width of 32, fewer key than query heads, untied."""
    return Shape(layers=2, heads=4, kv_heads=kv_heads, head_dim=24, width=32, hidden=48, context=CONTEXT,
                 vocabulary=259, tied=False, rope_base=50000.0, norm_eps=1e-6)


def mix64(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def random_bits(key, counter):
    return mix64(mix64(key) ^ ((counter * 0xD1342543DE82EF95) & MASK))


def signed_unit(key, counter):
    """Uniform in [-1, 1)."""
    return 2.0 * ((random_bits(key, counter) >> 11) * 2.0**-53) - 1.0


def tensor_list(shape, norm_scale):
    """Name, shape, parts and initial distribution of every tensor, in storage order."""
    def matrix(name, part_rows, columns, scale=0.1):
        parts = len(part_rows) if shape.full else part_rows
        return {"name": name, "rows": sum(part_rows), "columns": columns, "parts": parts, "center": 0.0, "scale": scale}

    def norm(name):
        return {**matrix(name, [1], shape.width, norm_scale), "center": 1.0}

    query, key = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    tensors = [matrix("embedding", [shape.vocabulary], shape.width, 0.04)]
    for layer in range(shape.layers):
        prefix = f"layers.{layer}."
        tensors += [
            norm(prefix + "attention_norm"),
            matrix(prefix + "query_key_value", [query, key, key], shape.width),
            matrix(prefix + "attention_output", [shape.width], query),
            norm(prefix + "ffn_norm"),
            matrix(prefix + "gate_up", [shape.hidden, shape.hidden], shape.width),
            matrix(prefix + "down", [shape.width], shape.hidden),
        ]
    tensors.append(norm("final_norm"))
    return tensors if shape.tied else tensors + [matrix("head", [shape.vocabulary], shape.width)]


def initial_parameters(tensors):
    """A leaf tensor of doubles (each a float32 value) for each name; adds "first" to each entry."""
    parameters = {}
    for i, t in enumerate(tensors):
        r = [signed_unit(1000 + i, j) * 1.7320508075688772 for j in range(t["rows"] * t["columns"])]
        values = torch.tensor([t["center"] + t["scale"] * x for x in r], dtype=torch.float64).float().double()
        shape = (t["columns"],) if t["center"] else (t["rows"], t["columns"])
        parameters[t["name"]] = values.reshape(shape).requires_grad_()
        t["first"] = values[:5].tolist()
    return parameters


def rms_norm(shape, x, weight):
    return weight * x / torch.sqrt((x * x).mean(-1, keepdim=True) + shape.norm_eps)


def rotate(shape, x):
    """x [B, T, heads, D]: adjacent pairs as complex numbers, turned by e^(i t rope_base^(-j / (D/2)))."""
    half = shape.head_dim // 2
    frequency = shape.rope_base ** (-torch.arange(half, dtype=torch.float64) / half)
    angle = torch.arange(x.shape[1], dtype=torch.float64).outer(frequency)[:, None, :]
    pairs = torch.view_as_complex(x.reshape(*x.shape[:-1], half, 2))
    return torch.view_as_real(pairs * torch.polar(torch.ones_like(angle), angle)).flatten(-2)


def attend(shape, n, query_key_value):
    """Normed rows [B, T, C] -> what the query heads have gathered, [B, T, H D]."""
    query, key = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    query, key, value = [(n @ part.T).unflatten(-1, (-1, shape.head_dim))
                         for part in query_key_value.split([query, key, key])]
    # Each key and value head is repeated for the query heads of its group, which are neighbours.
    key, value = [x.repeat_interleave(shape.heads // shape.kv_heads, dim=2) for x in (rotate(shape, key), value)]
    scores = torch.einsum("bthd,bshd->bhts", rotate(shape, query), key) / math.sqrt(shape.head_dim)
    future = torch.ones(n.shape[1], n.shape[1], dtype=torch.bool).triu(1)
    attention = scores.masked_fill(future, -math.inf).softmax(-1)
    return torch.einsum("bhts,bshd->bthd", attention, value).flatten(-2)


def forward(shape, parameters, inputs):
    """inputs [B, T] -> logits [B, T, V]."""
    x = parameters["embedding"][inputs]
    for layer in range(shape.layers):
        w = {k.split(".")[2]: v for k, v in parameters.items() if k.startswith(f"layers.{layer}.")}
        n = rms_norm(shape, x, w["attention_norm"])
        x = x + attend(shape, n, w["query_key_value"]) @ w["attention_output"].T
        m = rms_norm(shape, x, w["ffn_norm"])
        gate, up = [m @ part.T for part in w["gate_up"].split(shape.hidden)]
        x = x + (torch.nn.functional.silu(gate) * up) @ w["down"].T
    return rms_norm(shape, x, parameters["final_norm"]) @ parameters["embedding" if shape.tied else "head"].T


def check_forward(shape, rows):
    """Raises if PyTorch's logits are not those of the plain loops. Parameters ten times as large as those of the files,
    so that attention is far from uniform."""
    tensors = tensor_list(shape, norm_scale=0.1)
    parameters = {name: p.detach() * (1 if "norm" in name else 10) for name, p in initial_parameters(tensors).items()}
    tokens = torch.tensor(rows)[:, :-1]
    found = forward(shape, parameters, tokens)[-1]
    numbers = {name: p.tolist() for name, p in parameters.items()}
    expected = torch.tensor(plain_model.logits(shape, numbers, tokens[-1].tolist()), dtype=torch.float64)
    if not (found - expected).abs().max() <= 1e-12 * expected.abs().max():
        raise AssertionError(f"the logits of {shape} differ from those of plain loops")


def crystalline_loss(logits, targets, classes, weight):
    """token, root, form and total loss as scalars; classes: {"root": [V], "form": [V]} of integers."""
    log_p = logits.log_softmax(-1)
    parts = {"token": torch.nn.functional.nll_loss(log_p.flatten(0, 1), targets.flatten())}
    for name, of_token in classes.items():
        of_token = torch.tensor(of_token)
        mass = log_p.exp() @ torch.nn.functional.one_hot(of_token).double()
        parts[name] = -mass.gather(-1, of_token[targets][..., None]).log().mean()
    parts["total"] = parts["token"] + weight * (parts["root"] + parts["form"])
    return parts


def byte_classes():
    """Ids 0..2 are special, 3 + b is byte b. A letter's root is its lower case; capitals are a form of their own."""
    capital = [ord("A") <= v - 3 <= ord("Z") for v in range(259)]
    return {"root": dense([v + 32 if capital[v] else v for v in range(259)]), "form": dense(capital)}


def word_classes(vocabulary):
    """Made-up classes: about 2.5 tokens a root, 7 forms."""
    return {"root": dense([random_bits(88, v) % 120 for v in range(vocabulary)]),
            "form": dense([random_bits(99, v) % 7 for v in range(vocabulary)])}


def dense(labels):
    """Class numbers from 0 in order of first appearance."""
    numbers = {}
    return [numbers.setdefault(label, len(numbers)) for label in labels]


def byte_batches():
    """Consecutive windows of begin, the passage: [steps][batch][context + 1]."""
    ids = [1] + [3 + b for b in PASSAGE.encode()]
    start = lambda s, b: (s * BATCH + b) * CONTEXT
    return [[ids[start(s, b):start(s, b) + CONTEXT + 1] for b in range(BATCH)] for s in range(STEPS)]


def word_batches(vocabulary):
    """Independent draws from a skewed distribution (a product of two uniform ones)."""
    def token(index):
        bits = random_bits(77, index)
        return (bits % vocabulary) * ((bits >> 32) % vocabulary) // vocabulary

    row = CONTEXT + 1
    return [[[token((s * BATCH + b) * row + c) for c in range(row)] for b in range(BATCH)] for s in range(STEPS)]


def rate_factor(s):
    return min(1.0, (s + 1) / WARMUP) * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * s / TOTAL_STEPS)))


def orthogonalize(d):
    """Five quintic Newton-Schulz iterations (Jordan 2024)."""
    a, b, c = QUINTIC
    x = d / (d.norm() + 1e-7)
    x = x.T if d.shape[0] > d.shape[1] else x
    for _ in range(5):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if d.shape[0] > d.shape[1] else x


class Muon:
    """Momentum with Nesterov, orthogonalised part by part; the momenta live here."""

    def __init__(self, weights_and_part_rows):
        self.slots = [(w, part_rows, torch.zeros_like(w)) for w, part_rows in weights_and_part_rows]

    @torch.no_grad()
    def step(self, rate):
        for weight, part_rows, momentum in self.slots:
            momentum.mul_(MOMENTUM).add_(weight.grad)
            direction = weight.grad + MOMENTUM * momentum
            weight.mul_(1 - DECAY * rate)
            for w, d in zip(weight.split(part_rows), direction.split(part_rows)):
                w.sub_(rate * math.sqrt(max(1.0, d.shape[0] / d.shape[1])) * orthogonalize(d))


def assign_optimizers(tensors, optimizer):
    """Adds "optimizer", "peak_rate" and "decay" to each entry."""
    for t in tensors:
        muon = optimizer == "muon" and t["name"].startswith("layers.") and not t["name"].endswith("norm")
        t["optimizer"], t["peak_rate"] = ("muon", MUON_PEAK) if muon else ("adamw", ADAMW_PEAK)
        t["decay"] = 0.0 if t["name"].endswith("norm") else DECAY


def part_rows(tensor):
    """The rows of each part."""
    parts = tensor["parts"]
    return parts if isinstance(parts, list) else [tensor["rows"] // parts] * parts


def make_optimizers(parameters, tensors):
    """PyTorch's own AdamW (its learning rate is set before each step) and Muon."""
    chosen = lambda optimizer, decay: [parameters[t["name"]] for t in tensors
                                       if (t["optimizer"], t["decay"]) == (optimizer, decay)]
    groups = [{"params": chosen("adamw", decay), "weight_decay": decay} for decay in (DECAY, 0.0)]
    adamw = torch.optim.AdamW(groups, lr=ADAMW_PEAK, betas=BETAS, eps=EPS)
    muon = Muon([(parameters[t["name"]], part_rows(t)) for t in tensors if t["optimizer"] == "muon"])
    return adamw, muon


def backward(shape, parameters, rows, classes, weight):
    """Fills .grad with the gradient of the total loss of rows [B, T + 1]; returns the losses and the logits."""
    for p in parameters.values():
        p.grad = None
    tokens = torch.tensor(rows)
    logits = forward(shape, parameters, tokens[:, :-1])
    losses = crystalline_loss(logits, tokens[:, 1:], classes, weight)
    losses["total"].backward()
    return {k: v.item() for k, v in losses.items()}, logits.detach()


def train(shape, parameters, optimizers, batches, classes, weight):
    """The figures of each step. optimizers: those of make_optimizers."""
    adamw, muon = optimizers
    steps = []
    for s, rows in enumerate(batches):
        losses, _ = backward(shape, parameters, rows, classes, weight)
        norms = {name: p.grad.norm().item() for name, p in parameters.items()}
        norm = math.sqrt(sum(x * x for x in norms.values()))
        if norm > CLIP:
            for p in parameters.values():
                p.grad /= norm
        for group in adamw.param_groups:
            group["lr"] = ADAMW_PEAK * rate_factor(s)
        adamw.step()
        muon.step(MUON_PEAK * rate_factor(s))
        steps.append({"step": s, **losses, "grad_norm": norm, "rate_adamw": ADAMW_PEAK * rate_factor(s),
                      "rate_muon": MUON_PEAK * rate_factor(s), "tensor_grad_norms": list(norms.values())})
    return steps


def figures(key, values):
    """What the files say of a tensor."""
    direction = torch.tensor([signed_unit(key, j) for j in range(values.numel())], dtype=torch.float64)
    return {"first": values.flatten()[:5].tolist(), "norm": values.norm().item(),
            "projection": values.flatten().dot(direction).item()}


def common_fields(kind, shape, tensors, weight):
    return {
        "about": f"Golden numbers ({kind}), PyTorch in double precision; written by tools/golden/golden.py, "
                 "whose docstring defines every formula.",
        "model": shape.fields(),
        "batch": BATCH, "lambda": weight,
        "initial_parameters": "element j of tensor i = float32(center + scale * r), "
                              "r = (2 * UnitDouble(RandomBits(1000 + i, j)) - 1) * 1.7320508075688772",
        "tensors": tensors,
    }


def forward_file(kind, shape, classes, batches):
    """Losses, logits and gradients at one point where norms are not 1 and lambda is large."""
    weight = 0.5
    tensors = tensor_list(shape, norm_scale=0.1)
    parameters = initial_parameters(tensors)
    losses, logits = backward(shape, parameters, batches[0], classes, weight)
    first_row = [{"position": t, **figures(2000, row)} for t, row in enumerate(logits[0])]
    gradients = [{"name": name, **figures(2000 + i, p.grad)} for i, (name, p) in enumerate(parameters.items())]
    return {**common_fields(kind, shape, tensors, weight), "classes": classes, "tokens": batches[0],
            "losses": losses, "logits_of_first_sequence": first_row, "gradients": gradients}


def train_file(kind, shape, classes, batches, optimizer):
    weight = 0.1
    tensors = tensor_list(shape, norm_scale=0.0)
    assign_optimizers(tensors, optimizer)
    parameters = initial_parameters(tensors)
    steps = train(shape, parameters, make_optimizers(parameters, tensors), batches, classes, weight)
    final = [{"name": name, **figures(2000 + i, p.detach())} for i, (name, p) in enumerate(parameters.items())]
    settings = {"clip": CLIP, "warmup_steps": WARMUP, "total_steps": TOTAL_STEPS, "adamw_betas": BETAS,
                "adamw_eps": EPS, "muon_momentum": MOMENTUM, "muon_coefficients": QUINTIC}
    return {**common_fields(kind, shape, tensors, weight), "settings": settings, "classes": classes,
            "batches": batches, "steps": steps, "final_parameters": final}


class Case(typing.NamedTuple):
    """What the files of one name share."""
    name: str
    kind: str
    forward_shape: Shape
    train_shape: Shape
    classes: dict
    batches: list


def cases():
    bytes_shape, words_shape = full_shape(259), full_shape(300)
    return [
        Case("bytes", "bytes vocabulary", bytes_shape, bytes_shape, byte_classes(), byte_batches()),
        Case("bpe", "bpe vocabulary", words_shape, words_shape, word_classes(300), word_batches(300)),
        Case("grouped", "bytes vocabulary, grouped-query heads, untied", grouped_shape(1), grouped_shape(2),
             byte_classes(), byte_batches()),
    ]


def all_files():
    for case in cases():
        data = (case.classes, case.batches)
        for shape in {case.forward_shape, case.train_shape}:
            check_forward(shape, case.batches[0])
        yield f"forward_{case.name}.json", forward_file(case.kind, case.forward_shape, *data)
        for optimizer in ("adamw", "muon"):
            yield f"train_{case.name}_{optimizer}.json", train_file(case.kind, case.train_shape, *data, optimizer)


def dump(value):
    """One line for each field, and for each entry of a list of records or rows."""
    def field(v):
        nested = isinstance(v, list) and v and isinstance(v[0], (dict, list))
        return "[\n    " + ",\n    ".join(json.dumps(x) for x in v) + "\n  ]" if nested else json.dumps(v)
    return "{\n" + ",\n".join(f"  {json.dumps(k)}: {field(v)}" for k, v in value.items()) + "\n}\n"


def differences(expected, found, path=""):
    """Yields the places where two JSON values differ by more than 1e-11 relative (1e-15 absolute)."""
    if isinstance(expected, dict) and isinstance(found, dict) and expected.keys() == found.keys():
        for k in expected:
            yield from differences(expected[k], found[k], f"{path}/{k}")
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for i, (e, f) in enumerate(zip(expected, found)):
            yield from differences(e, f, f"{path}/{i}")
    elif isinstance(expected, float) and isinstance(found, float):
        if not math.isclose(expected, found, rel_tol=1e-11, abs_tol=1e-15):
            yield f"{path}: {expected} in the file, {found} computed"
    elif expected != found:
        yield f"{path}: {expected} in the file, {found} computed"


def check(name, value):
    try:
        expected = json.loads((GOLDEN / name).read_text())
    except (OSError, ValueError) as error:
        return [f"cannot be read: {error}"]
    return list(differences(expected, json.loads(dump(value))))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the files instead of writing them")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    failed = False
    for name, value in all_files():
        if arguments.check:
            for difference in check(name, value):
                failed = True
                print(f"tests/golden/{name}{difference}", file=sys.stderr)
        else:
            GOLDEN.mkdir(parents=True, exist_ok=True)
            (GOLDEN / name).write_text(dump(value))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
