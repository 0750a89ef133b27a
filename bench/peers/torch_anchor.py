#!/usr/bin/python3
"""PyTorch CPU yardstick: the same decoder (RMSNorm, RoPE, SwiGLU, tied head), same optimizer, same work.

scripts/bench-peers gets what it needs and runs it. By hand it needs PyTorch, such as Debian's python3-torch with
libopenblas0-openmp. Run that with the OpenMP build of OpenBLAS first on the
library path; the pthread build fights torch's own threads and is several times slower:

  LD_LIBRARY_PATH=/usr/lib/x86_64-linux-gnu/openblas-openmp OMP_NUM_THREADS=2 \
    ./torch_anchor.py speed --config b --threads 2 --dtype bf16
  ... ./torch_anchor.py train --config a --data tinyshakespeare.txt --steps 2000

Configurations (layers, heads, width, hidden, context, batch, vocabulary):
  a  4 4 128 344 64 12 256       small byte-level model
  b  6 6 384 1024 256 16 256     the 10 M parameter byte-level model
  c  4 4 256 688 256 8 4096      small sub-word model
  d  4 2 128 352 256 8 256       the model of Shakespeare in three minutes
--optimizer muon trains as cllm does by default: Muon (Jordan et al. 2024) for the matrices inside layers, AdamW for the
embedding and the norms, the latter without decay; else AdamW trains all.
speed prints one JSON line: tokens per second (median step), step milliseconds, FLOP per token, resident MB after
the last step and at its highest.
train prints validation loss (nats per token over the whole last tenth of the file) and bits per byte.
"""
import argparse, json, math, resource, time
import numpy as np
import torch
import torch.nn.functional as F

CONFIGS = {"a": (4, 4, 128, 344, 64, 12, 256), "b": (6, 6, 384, 1024, 256, 16, 256), "c": (4, 4, 256, 688, 256, 8, 4096),
           "d": (4, 2, 128, 352, 256, 8, 256)}


class Model(torch.nn.Module):
    def __init__(self, layers, heads, width, hidden, context, vocab):
        super().__init__()
        self.layers, self.heads, self.head_dim = layers, heads, width // heads
        p = lambda *s, std=0.02: torch.nn.Parameter(torch.randn(*s) * std)
        out = 0.02 / math.sqrt(2 * layers)
        self.embed = p(vocab, width, std=0.04)
        self.qkv = torch.nn.ParameterList([p(3 * width, width) for _ in range(layers)])
        self.proj = torch.nn.ParameterList([p(width, width, std=out) for _ in range(layers)])
        self.gate_up = torch.nn.ParameterList([p(2 * hidden, width) for _ in range(layers)])
        self.down = torch.nn.ParameterList([p(width, hidden, std=out) for _ in range(layers)])
        self.norms = torch.nn.ParameterList([torch.nn.Parameter(torch.ones(width)) for _ in range(2 * layers + 1)])
        half = self.head_dim // 2
        angle = torch.arange(context)[:, None] * 10000.0 ** (-torch.arange(half) / half)
        self.register_buffer("cos", angle.cos()), self.register_buffer("sin", angle.sin())
        self.register_buffer("mask", torch.full((context, context), float("-inf")).triu(1))

    def norm(self, x, i):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.norms[i]

    def rope(self, x, t):
        a, b = x[..., 0::2], x[..., 1::2]
        c, s = self.cos[:t], self.sin[:t]
        return torch.stack((a * c - b * s, a * s + b * c), -1).flatten(-2)

    def forward(self, tokens, targets):
        B, T = tokens.shape
        x = self.embed[tokens]
        for l in range(self.layers):
            q, k, v = F.linear(self.norm(x, 2 * l), self.qkv[l]).view(B, T, 3, self.heads, self.head_dim).permute(2, 0, 3, 1, 4)
            q, k = self.rope(q, T), self.rope(k, T)
            att = (q @ k.transpose(-1, -2) / math.sqrt(self.head_dim) + self.mask[:T, :T]).softmax(-1)
            x = x + F.linear((att @ v).transpose(1, 2).reshape(B, T, -1), self.proj[l])
            gate, up = F.linear(self.norm(x, 2 * l + 1), self.gate_up[l]).chunk(2, -1)
            x = x + F.linear(F.silu(gate) * up, self.down[l])
        logits = F.linear(self.norm(x, 2 * self.layers), self.embed)
        return F.cross_entropy(logits.float().flatten(0, 1), targets.flatten())


class Muon:
    """Steps along the orthogonalised momentum of each matrix, or of each of its parts."""

    def __init__(self, matrices):
        self.matrices = [(w, parts, torch.zeros_like(w)) for w, parts in matrices]

    @torch.no_grad()
    def step(self, rate):
        for w, parts, momentum in self.matrices:
            momentum.mul_(0.95).add_(w.grad)
            for rows, direction in zip(w.chunk(parts), (w.grad + 0.95 * momentum).chunk(parts)):
                rows.mul_(1 - 0.1 * rate)
                rows.sub_(rate * max(1, rows.shape[0] / rows.shape[1]) ** 0.5 * self.orthogonal(direction))

    @staticmethod
    def orthogonal(g):
        x = g / (g.norm() + 1e-7)
        tall = x.shape[0] > x.shape[1]
        x = x.T if tall else x
        for _ in range(5):
            a = x @ x.T
            x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
        return x.T if tall else x


class Optimizers:
    def __init__(self, m, kind, rate):
        inside = [(w, parts) for group, parts in ((m.qkv, 3), (m.proj, 1), (m.gate_up, 2), (m.down, 1)) for w in group]
        self.muon = Muon(inside) if kind == "muon" else None
        rest = [m.embed] if self.muon else [m.embed, *(w for w, _ in inside)]
        plain = {"params": list(m.norms), "weight_decay": 0.0 if self.muon else 0.1}
        self.adamw = torch.optim.AdamW([{"params": rest, "weight_decay": 0.1}, plain], lr=rate, betas=(0.9, 0.99))
        self.rate = rate

    def set_rate(self, rate):
        self.rate = rate
        for g in self.adamw.param_groups:
            g["lr"] = rate

    def step(self):
        self.adamw.step()
        if self.muon:
            self.muon.step(self.rate)


def flop_per_token(layers, heads, width, hidden, context, vocab):
    """6 per matmul weight (head included, lookup not) + 12*L*T*C for attention scores and values, full square."""
    return 6 * (layers * (4 * width * width + 3 * width * hidden) + vocab * width) + 12 * layers * context * width


def resident_mb():
    """Resident memory of this process now, in 10^6 bytes."""
    with open("/proc/self/statm", encoding="ascii") as f:
        return int(f.read().split()[1]) * resource.getpagesize() * 1e-6


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("mode", choices=("speed", "train"))
    ap.add_argument("--config", choices=CONFIGS, default="a")
    ap.add_argument("--threads", type=int, default=2)
    ap.add_argument("--dtype", choices=("fp32", "bf16"), default="fp32")
    ap.add_argument("--seconds", type=float, default=10)
    ap.add_argument("--data", default="tinyshakespeare.txt")
    ap.add_argument("--steps", type=int, default=2000)
    ap.add_argument("--optimizer", choices=("adamw", "muon"), default="adamw")
    ap.add_argument("--lr", type=float, default=1e-3)
    ap.add_argument("--seed", type=int, default=1)
    a = ap.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    rng = np.random.default_rng(a.seed)
    layers, heads, width, hidden, context, batch, vocab = CONFIGS[a.config]
    m = Model(layers, heads, width, hidden, context, vocab)
    opt = Optimizers(m, a.optimizer, a.lr)
    auto = lambda: torch.autocast("cpu", torch.bfloat16, enabled=a.dtype == "bf16")
    flop = flop_per_token(layers, heads, width, hidden, context, vocab)

    def step(x, y):
        with auto():
            loss = m(x, y)
        m.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(m.parameters(), 1.0)
        opt.step()
        return loss

    if a.mode == "speed":
        x, y = (torch.from_numpy(rng.integers(0, vocab, (batch, context))) for _ in range(2))
        step(x, y), step(x, y)
        times, start = [], time.perf_counter()
        while len(times) < 5 or time.perf_counter() - start < a.seconds:
            t = time.perf_counter()
            step(x, y)
            times.append(time.perf_counter() - t)
        med = sorted(times)[len(times) // 2]
        print(json.dumps({"config": a.config, "threads": a.threads, "dtype": a.dtype, "tokens_per_s": round(batch * context / med, 1),
                          "step_ms": round(1e3 * med, 2), "steps": len(times), "flop_per_token": flop,
                          "gflops": round(batch * context / med * flop / 1e9, 1),
                          "resident_mb": resident_mb(),
                          "peak_resident_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024e-6,
                          "torch": torch.__version__}))
        return
    data = np.frombuffer(open(a.data, "rb").read(), np.uint8).astype(np.int64)
    cut = len(data) * 9 // 10
    train, val = data[:cut], data[cut:]

    def validation():
        total = count = 0
        with torch.no_grad(), auto():
            starts = range(0, len(val) - context - 1, context)
            for i in range(0, len(starts), 32):
                rows = [val[s:s + context + 1] for s in list(starts)[i:i + 32]]
                w = torch.from_numpy(np.stack(rows))
                total += m(w[:, :-1], w[:, 1:]).item() * len(rows)
                count += len(rows)
        return total / count

    start = time.perf_counter()
    for s in range(a.steps):
        lr = a.lr * min(1, (s + 1) / 100) * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * s / a.steps)))
        opt.set_rate(lr)
        i = rng.integers(0, len(train) - context - 1, batch)
        w = torch.from_numpy(np.stack([train[j:j + context + 1] for j in i]))
        step(w[:, :-1], w[:, 1:])
    seconds = time.perf_counter() - start
    nats = validation()
    print(json.dumps({"config": a.config, "threads": a.threads, "dtype": a.dtype, "optimizer": a.optimizer,
                      "steps": a.steps, "lr": a.lr, "seed": a.seed,
                      "train_s": round(seconds, 1), "val_nats_per_byte": round(nats, 4), "bits_per_byte": round(nats / math.log(2), 4)}))


if __name__ == "__main__":
    main()
