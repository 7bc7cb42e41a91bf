"""Computes from measured task times how long a computation takes on 2 to 64 threads.

    keepfit bench vision --model MODEL --batch-size 8 --size 512 --threads 1 --tasks tasks.jsonl
    python3 Scripts/checks/makespan.py tasks.jsonl

Each parallel region is scheduled as the thread pool does it: every thread takes the next task when it is done with
one. Time between regions is not shared. A region costs a barrier, by default 2 microseconds and 0.05 more for each
thread. The model knows nothing of memory bandwidth and shared caches, so it is a bound: it finds regions with too few
or too unequal tasks, not what memory limits.
"""

import argparse
import heapq
import json

parser = argparse.ArgumentParser()
parser.add_argument("tasks")
parser.add_argument("--barrier", type=float, default=2.0, help="microseconds per region")
parser.add_argument("--barrier-per-thread", type=float, default=0.05, help="microseconds")
parser.add_argument("--top", type=int, default=8, help="regions to show")
options = parser.parse_args()

regions = [json.loads(line) for line in open(options.tasks)]


def makespan(tasks, threads):
    """Nanoseconds until the last of the threads is done."""
    if threads == 1 or len(tasks) <= 1:
        return sum(tasks)
    ends = [0] * min(threads, len(tasks))
    for task in tasks:
        heapq.heapreplace(ends, ends[0] + task)
    return max(ends) + 1e3 * (options.barrier + options.barrier_per_thread * threads)


work = sum(sum(r["tasks"]) for r in regions)
between = sum(r["before"] for r in regions)
total = work + between
print(f"{len(regions)} regions, {sum(len(r['tasks']) for r in regions)} tasks, {total / 1e6:.1f} ms on one "
      f"thread, {between / 1e6:.2f} ms of it between regions")
print("threads      ms  efficiency")
for threads in (1, 2, 4, 8, 16, 32, 64):
    time = between + sum(makespan(r["tasks"], threads) for r in regions)
    print(f"{threads:7} {time / 1e6:7.2f}  {total / time / threads:9.1%}")

print(f"\nRegions that lose most on 64 threads (of {total / 64 / 1e6:.2f} ms at full efficiency):")
print("region  tasks  one thread  64 threads   lost ms  longest task")
losses = [(makespan(r["tasks"], 64) - sum(r["tasks"]) / 64, i) for i, r in enumerate(regions)]
for lost, index in sorted(losses, reverse=True)[:options.top]:
    tasks = regions[index]["tasks"]
    print(f"{index:6} {len(tasks):6} {sum(tasks) / 1e6:8.2f} ms {makespan(tasks, 64) / 1e6:8.2f} ms "
          f"{lost / 1e6:9.3f} {max(tasks) / 1e6:10.3f} ms")
