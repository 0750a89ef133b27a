"""The model of golden.py's docstring once more: position by position and number by number, without PyTorch.

Only there to check golden.py's own forward pass; shape is its Shape.
"""
import math


def norm(x, weight, eps):
    root = math.sqrt(sum(a * a for a in x) / len(x) + eps)
    return [w * a / root for w, a in zip(weight, x)]


def product(matrix, x):
    return [sum(w * a for w, a in zip(row, x)) for row in matrix]


def turned(shape, head, t):
    """The D numbers of a head of query or key at position t."""
    numbers = []
    for j in range(shape.head_dim // 2):
        angle = t * math.exp(-2 * j / shape.head_dim * math.log(shape.rope_base))
        a, b = head[2 * j], head[2 * j + 1]
        numbers += [a * math.cos(angle) - b * math.sin(angle), a * math.sin(angle) + b * math.cos(angle)]
    return numbers


def attention(shape, rows):
    """rows: query_key_value times normed x, for the positions up to the current one -> H D numbers for the last row."""
    d, heads, kv_heads = shape.head_dim, shape.heads, shape.kv_heads
    gathered = []
    for h in range(heads):
        group = h // (heads // kv_heads)
        key_at, value_at = heads * d + group * d, heads * d + kv_heads * d + group * d
        query = turned(shape, rows[-1][h * d:h * d + d], len(rows) - 1)
        keys = [turned(shape, row[key_at:key_at + d], t) for t, row in enumerate(rows)]
        weights = [math.exp(sum(q * k for q, k in zip(query, key)) / d ** 0.5) for key in keys]
        gathered += [sum(w * row[value_at + i] for w, row in zip(weights, rows)) / sum(weights) for i in range(d)]
    return gathered


def logits(shape, p, tokens):
    """Logits [T][V] of one sequence. p: the rows of numbers of each tensor by its name (norms: the numbers)."""
    stream = [list(p["embedding"][token]) for token in tokens]
    for layer in range(shape.layers):
        w = {k.split(".")[2]: v for k, v in p.items() if k.startswith(f"layers.{layer}.")}
        rows = [product(w["query_key_value"], norm(x, w["attention_norm"], shape.norm_eps)) for x in stream]
        for t, x in enumerate(stream):
            mixed = product(w["attention_output"], attention(shape, rows[:t + 1]))
            x = [a + b for a, b in zip(x, mixed)]
            gate_up = product(w["gate_up"], norm(x, w["ffn_norm"], shape.norm_eps))
            hidden = [g / (1 + math.exp(-g)) * u for g, u in zip(gate_up[:shape.hidden], gate_up[shape.hidden:])]
            stream[t] = [a + b for a, b in zip(x, product(w["down"], hidden))]
    head = p["embedding" if shape.tied else "head"]
    return [product(head, norm(x, p["final_norm"], shape.norm_eps)) for x in stream]
