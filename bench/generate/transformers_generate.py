"""Transformers' generate on the CPU, float32, greedy, with its cache: the peer of `npm run bench -- generate`.

Prints one JSON line when ready; for every JSON line {folder, prompts, newTokens} on stdin it generates and prints the
seconds and the new ids. Prompts of one call have the same length, so nothing is padded.
"""
import json
import os
import resource
import sys
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")
say = lambda value: print(json.dumps(value), flush=True)
try:
    import torch
    import transformers
    from transformers import AutoModelForCausalLM
except ImportError as error:
    say({"ready": False, "detail": str(error)})
    sys.exit(0)

threads = int(sys.argv[1])
torch.set_num_threads(threads)
transformers.logging.set_verbosity_error()
models = {}


def load(folder):
    if folder not in models:
        models.clear()
        models[folder] = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    return models[folder]


say({"ready": True, "device": f"Transformers {transformers.__version__}, PyTorch {torch.__version__}, {torch.get_num_threads()} threads"})
for line in sys.stdin:
    task = json.loads(line)
    model = load(task["folder"])
    ids = torch.tensor(task["prompts"])
    begin = time.perf_counter()
    with torch.inference_mode():
        out = model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=False, use_cache=True, pad_token_id=0,
            max_new_tokens=task["newTokens"], min_new_tokens=task["newTokens"], eos_token_id=None,
        )
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)
    say({"seconds": seconds, "ids": out[:, ids.shape[1]:].tolist(), "peakMiB": peak})
