"""The same training step in PyTorch, eager float32 unless `mode` says "bf16" (autocast) or "compile": the peer of `npm run bench -- train`.

argv[1] is the model as JSON; `teacherLayers` 0 is cross-entropy alone, else 0.7 T² KL to a teacher of so many layers and 0.3 cross-entropy. Prints one JSON line when ready; for every line `N` on stdin it makes N steps and prints
their seconds. Rotary positions, scaled dot product attention and the fused AdamW are PyTorch's fastest eager ways.
"""
import json
import math
import resource
import sys
import time

import torch
import torch.nn.functional as F

spec = json.loads(sys.argv[1])
torch.manual_seed(0)
if spec["threads"]:
    torch.set_num_threads(spec["threads"])
B, T, V, D, L = spec["batch"], spec["seq"], spec["vocabSize"], spec["hiddenSize"], spec["layers"]
H, KV, FF = spec["heads"], spec["kvHeads"], spec["intermediateSize"]
HD = D // H


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        linear = lambda i, o: torch.nn.Linear(i, o, bias=False)
        self.n1, self.n2 = torch.nn.RMSNorm(D, 1e-6), torch.nn.RMSNorm(D, 1e-6)
        self.q, self.k, self.v, self.o = linear(D, D), linear(D, KV * HD), linear(D, KV * HD), linear(D, D)
        self.gate, self.up, self.down = linear(D, FF), linear(D, FF), linear(FF, D)

    def forward(self, x, cos, sin):
        heads = lambda y, n: y.view(B, T, n, HD).transpose(1, 2)

        def rotate(y):
            a, b = y.chunk(2, -1)
            return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)

        h = self.n1(x)
        q, k, v = rotate(heads(self.q(h), H)), rotate(heads(self.k(h), KV)), heads(self.v(h), KV)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=H != KV)
        x = x + self.o(y.transpose(1, 2).reshape(B, T, D))
        h = self.n2(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Decoder(torch.nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.emb = torch.nn.Embedding(V, D)
        torch.nn.init.normal_(self.emb.weight, std=0.02)
        self.blocks = torch.nn.ModuleList(Block() for _ in range(layers))
        self.norm = torch.nn.RMSNorm(D, 1e-6)
        angles = torch.arange(T)[:, None] * 10000.0 ** (-torch.arange(0, HD, 2)[None, :] / HD)
        self.register_buffer("cos", angles.cos())
        self.register_buffer("sin", angles.sin())

    def forward(self, ids):
        x = self.emb(ids)
        for block in self.blocks:
            x = block(x, self.cos, self.sin)
        return self.norm(x) @ self.emb.weight.T


model = Decoder(L)
teacher = Decoder(spec["teacherLayers"]).eval() if spec["teacherLayers"] else None
bf16 = lambda: torch.autocast("cpu", torch.bfloat16, enabled=spec["mode"] == "bf16")
TEMPERATURE = 2.0
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
drawn = 0


def forward_loss(ids):
    with bf16():
        logits = model(ids[:, :-1]).view(-1, V)
        if teacher is not None:
            with torch.no_grad():
                wanted = teacher(ids[:, :-1]).view(-1, V)
    loss = F.cross_entropy(logits.float(), ids[:, 1:].reshape(-1))
    if teacher is None:
        return loss
    logs = lambda x: F.log_softmax(x.float() / TEMPERATURE, -1)
    return 0.7 * TEMPERATURE ** 2 * F.kl_div(logs(logits), logs(wanted), reduction="batchmean", log_target=True) + 0.3 * loss


loss_of = torch.compile(forward_loss) if spec["mode"] == "compile" else forward_loss


def step():
    global drawn
    starts = torch.arange(drawn + 1, drawn + 1 + B)[:, None]
    drawn += B
    strides = (torch.arange(B) % 7 + 1)[:, None]
    ids = (starts + torch.arange(T + 1)[None, :] * strides) % V
    loss = loss_of(ids)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return loss.item()


parameters = sum(p.numel() for p in model.parameters())
say = lambda value: print(json.dumps(value), flush=True)
say({"ready": True, "device": f"PyTorch {torch.__version__} {spec['mode']}, {torch.get_num_threads()} threads", "parameters": parameters})
for line in sys.stdin:
    begin = time.perf_counter()
    for _ in range(int(line)):
        loss = step()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)
    say({"seconds": time.perf_counter() - begin, "loss": loss if math.isfinite(loss) else None, "peakMiB": peak})
