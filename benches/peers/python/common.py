"""What the stores that are driven from Python share: the works, the checksums, and the answers.

The process reads work as lines of JSON and answers each with one, as those of the other stores do
(src/protocol.rs); the sums are those of src/checksum.rs.
"""

import json
import os
import pathlib
import shutil
import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa

USER = 0x9E3779B97F4A7C15
ITEM = 0xBF58476D1CE4E5B9
TIMESTAMP = 0x94D049BB133111EB
EVENT_TYPE = 0xD6E8FEB86659FD93
VALUE = 0xA0761D6478BD642F
LOCATION = 0xE7037ED1A0B428DB
DEVICE = 0x8EBC6AF09C88C6E3
SHOWN = 0x589965CC75374CC3
NULL = 1
COLUMNS = ["user", "item", "ts", "event_type", "value", "location", "device", "impression"]
THREE = ["user", "item", "ts"]
NEWEST = 100
NEWEST_COLUMNS = ["item", "ts", "event_type"]
OPENINGS = 3
RATE_SECONDS = 0.4
SCAN_SECONDS = 0.25
LOOKUP_SECONDS = 0.25
# A first scan of less does not count.
WARM_UP_SECONDS = 2.0
MASK = (1 << 64) - 1


def words_of(texts):
    """Each text's bytes as a number, 8 bytes little-endian; longer texts are folded."""
    if pa.types.is_string_view(texts.type):
        texts = texts.cast(pa.large_string())
    encoded = texts if pa.types.is_dictionary(texts.type) else texts.dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
        if isinstance(encoded, pa.ChunkedArray):
            return np.concatenate([words_of(chunk) for chunk in encoded.chunks])
    texts = encoded.dictionary.to_pylist() + [None]
    values = [b"" if text is None else text.encode() for text in texts]
    lengths = np.array([len(value) for value in values])
    chunks = max(1, (int(lengths.max()) + 7) // 8)
    parts = np.array(values, dtype=f"S{8 * chunks}").view("<u8").reshape(-1, chunks)
    known = parts[:, 0].copy()
    for chunk in range(1, chunks):
        folded = ((known << np.uint64(29)) | (known >> np.uint64(35))) ^ parts[:, chunk]
        known = np.where(lengths > 8 * chunk, folded, known)
    known[[place for place, text in enumerate(texts) if text is None]] = NULL
    keys = encoded.indices.fill_null(len(texts) - 1).to_numpy(zero_copy_only=False)
    return known[keys]


def lists_of(lists):
    """The sum of each list's items, weighted by their places."""
    if isinstance(lists, pa.ChunkedArray):
        return np.concatenate([lists_of(chunk) for chunk in lists.chunks])
    if pa.types.is_list_view(lists.type) or pa.types.is_large_list_view(lists.type):
        lists = lists.cast(pa.list_(lists.type.value_type))
    items = words_of(lists.flatten())
    lengths = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    ends = np.cumsum(lengths)
    places = np.arange(len(items), dtype=np.int64) - np.repeat(ends - lengths, lengths) + 1
    sums = np.concatenate([[np.uint64(0)], np.cumsum(items * places.astype(np.uint64))])
    whole = sums[ends] - sums[ends - lengths]
    return np.where(lengths == 0, np.uint64(NULL), whole)


def numbers_of(column, dtype):
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        return np.concatenate([numbers_of(chunk, dtype) for chunk in array.chunks])
    valid = array.is_valid().to_numpy(zero_copy_only=False)
    bits = array.fill_null(0).to_numpy(zero_copy_only=False).view(dtype).astype(np.uint64)
    return np.where(valid, bits, np.uint64(NULL))


PARTS = [
    ("user", USER, words_of),
    ("item", ITEM, words_of),
    ("ts", TIMESTAMP, lambda column: numbers_of(column, np.int64)),
    ("event_type", EVENT_TYPE, words_of),
    ("value", VALUE, lambda column: numbers_of(column, np.uint32)),
    ("location", LOCATION, words_of),
    ("device", DEVICE, words_of),
    ("impression", SHOWN, lists_of),
]


def row_sums(batch):
    """The sum of each row of a batch or table, over the columns that it has."""
    total = np.zeros(batch.num_rows, dtype=np.uint64)
    if batch.num_rows == 0:
        return total
    for name, key, words in PARTS:
        if name in batch.schema.names:
            total += words(batch.column(name)) * np.uint64(key)
    return total


class Checksum:
    def __init__(self):
        self.rows = 0
        self.weighted = 0

    def push(self, sums):
        places = np.arange(self.rows + 1, self.rows + 1 + len(sums), dtype=np.uint64)
        self.weighted = (self.weighted + int((sums * places).sum(dtype=np.uint64))) & MASK
        self.rows += len(sums)

    @staticmethod
    def of(parts):
        total = Checksum()
        for part in parts:
            for batch in part:
                total.push(batch)
        return total

    def text(self):
        return f"{self.rows} rows {self.weighted:016x}"


def status(name):
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(name + ":"):
                return int(line.split()[1])
    return 0


def watched(work):
    """Runs work; gives its seconds and what memory it took beyond what was there, in megabytes."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    anonymous, resident = status("RssAnon"), status("VmRSS")
    highest = [anonymous]
    done = threading.Event()

    def sample():
        while not done.wait(0.002):
            highest[0] = max(highest[0], status("RssAnon"))

    sampler = threading.Thread(target=sample)
    sampler.start()
    start = time.perf_counter()
    try:
        work()
    finally:
        seconds = time.perf_counter() - start
        done.set()
        sampler.join()
    over = lambda high, before: max(high - before, 0) * 1024 / 1e6
    return seconds, over(highest[0], anonymous), over(status("VmHWM"), resident)


def disk_bytes(folder):
    files = (path for path in pathlib.Path(folder).rglob("*") if path.is_file())
    return sum(path.stat().st_blocks * 512 for path in files)


def synced(path):
    """Waits until a file is on the disk."""
    file = os.open(path, os.O_RDONLY)
    os.fsync(file)
    os.close(file)


def percentile(times, share):
    times = sorted(times)
    return times[round((len(times) - 1) * share)] * 1e6


def percentiles(asked, call):
    """Microseconds that half of the calls, and 99 of 100, do not exceed: medians over passes."""
    start, passes = time.perf_counter(), []
    while not passes or time.perf_counter() - start < LOOKUP_SECONDS:
        times = []
        for one in asked:
            begin = time.perf_counter()
            call(one)
            times.append(time.perf_counter() - begin)
        passes.append([percentile(times, share) for share in (0.50, 0.99)])
    return [statistics.median(of_share) for of_share in zip(*passes)]


class Session:
    """Does the works with a peer: an object with open, close, history, answer, unseen, forms, scan
    and rows, and with load and load_csv."""

    def __init__(self, peer, scratch):
        self.peer = peer
        self.scratch = pathlib.Path(scratch)
        self.folder = self.scratch / "stores" / peer.name
        with open(self.scratch / "questions.json") as file:
            self.questions = json.load(file)

    def run(self, command):
        if command == "load":
            self.load()
        elif command == "load-csv":
            self.load_csv()
        else:
            self.serve()

    def empty(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def load(self):
        with pa.ipc.open_file(self.scratch / "rows.arrow") as file:
            table = file.read_all()
        # The order of arrival, as a column for stores that sort by themselves.
        table = table.append_column("arrival", pa.array(np.arange(table.num_rows)))
        self.empty()
        rows = table.num_rows
        figures = self.loaded("load", rows, lambda: self.peer.load(self.folder, table))
        figures["disk_bytes_row"] = [disk_bytes(self.folder) / rows]
        say(figures=figures)

    def load_csv(self):
        self.empty()
        path = self.scratch / "rows.csv"
        load = lambda: self.peer.load_csv(self.folder, path)
        say(figures=self.loaded("csv", self.questions["rows"], load))

    def loaded(self, name, rows, load):
        seconds, anonymous, resident = watched(load)
        return {
            f"{name}_rows_s": [rows / seconds],
            f"{name}_peak_mb": [anonymous],
            f"{name}_peak_resident_mb": [resident],
        }

    def serve(self):
        times = []
        for opening in range(OPENINGS):
            start = time.perf_counter()
            self.peer.open(self.folder)
            times.append((time.perf_counter() - start) * 1e3)
            if opening + 1 < OPENINGS:
                self.peer.close()
        say(figures={"open_ms": times})
        works = {"history": self.history, "many": self.many, "unseen": self.unseen, "scan": self.scan}
        for line in sys.stdin:
            work = json.loads(line)
            try:
                figures, answers = works[work.pop("work")](**work)
                say(figures={name: [value] for name, value in figures.items()}, answers=answers)
            except Exception as error:
                say(error=f"{line.strip()}: {error!r}")

    def history(self, draw, check):
        users = self.questions[draw][: self.questions["few_lookups"]]
        answers = {}
        lookup = self.peer.reader()
        # Either way all users are asked for once before it counts.
        total = Checksum()
        for user in users:
            found = lookup(user)
            if check:
                total.push(row_sums(self.peer.answer(found)))
        if check:
            answers[f"history {draw} {len(users)}"] = total.text()
        p50, p99 = percentiles(users, lookup)
        figures = {f"history_{draw}_p50_us": p50, f"history_{draw}_p99_us": p99}
        for threads in (1, 2):
            figures[f"history_{draw}_{threads}t_s"] = self.rate(users, threads)
        return figures, answers

    def rate(self, users, threads):
        start = time.perf_counter()
        done = [0] * threads

        def run(thread):
            lookup = self.peer.reader()
            at = len(users) // threads * thread
            while time.perf_counter() - start < RATE_SECONDS:
                lookup(users[at % len(users)])
                at += 1
                done[thread] += 1

        others = [threading.Thread(target=run, args=(thread,)) for thread in range(1, threads)]
        for other in others:
            other.start()
        run(0)
        for other in others:
            other.join()
        return sum(done) / (time.perf_counter() - start)

    def many(self, check):
        """Histories of many users in one call, or one by one of few users where the peer has no such call."""
        all_asked, few = self.questions["together"], self.questions["few_together"]
        in_one_call = hasattr(self.peer, "many")
        users = self.questions["activity"][: all_asked if in_one_call else few]
        lookup = self.peer.reader()
        call = self.peer.many if in_one_call else lambda users: [lookup(user) for user in users]
        answers = {}
        if check:
            histories = self.peer.answers(call(users)) if in_one_call else map(self.peer.answer, call(users))
            total = Checksum()
            for asked, history in enumerate(histories, 1):
                total.push(row_sums(history))
                if asked in (few, all_asked):
                    answers[f"history of {asked} in one call"] = total.text()
        call(users)
        p50, _ = percentiles([users], call)
        return {"many_activity_us": p50 / len(users)}, answers

    def unseen(self, check):
        filters = self.questions["filters"][: self.questions["few_filters"]]
        total = Checksum()
        for asked in filters:
            flags = self.peer.unseen(asked["user"], asked["candidates"])
            total.push(np.array(flags, dtype=np.uint64) + np.uint64(1))
        ask = lambda asked: self.peer.unseen(asked["user"], asked["candidates"])
        p50, p99 = percentiles(filters, ask)
        answers = {f"unseen {len(filters)}": total.text()} if check else {}
        return {"unseen_p50_us": p50, "unseen_p99_us": p99}, answers

    def scan(self, fields, form, window, threads, check):
        name = "window" if window else fields
        columns = COLUMNS if fields == "all" else THREE
        window = self.questions["window"] if window else None
        figures, answers = {}, {}
        forms = [form, "undecoded"] if form == "codes" else [form]
        for form in forms:
            if form not in self.peer.forms:
                continue
            if check and form != "undecoded":
                parts = self.parts(threads, sums, columns, form, window)
                answers[f"scan {name}"] = Checksum.of(parts).text()
            start = time.perf_counter()
            self.parts(threads, count, columns, form, window)
            scans = 1
            if time.perf_counter() - start < WARM_UP_SECONDS:
                start, scans = time.perf_counter(), 0
            while scans == 0 or time.perf_counter() - start < SCAN_SECONDS:
                self.parts(threads, count, columns, form, window)
                scans += 1
            rows = scans * self.questions["rows"]
            figures[f"scan_{name}_{form}_{threads}t_s"] = rows / (time.perf_counter() - start)
        return figures, answers

    def parts(self, threads, work, *asked):
        """What work gives for each part of a scan, each on a thread where the peer does not see to
        that itself."""
        if not self.peer.splits:
            return [work(self.peer.scan(*asked, 0, threads))]
        with ThreadPoolExecutor(threads) as pool:
            parts = [pool.submit(lambda part: work(self.peer.scan(*asked, part, threads)), part) for part in range(threads)]
            return [part.result() for part in parts]


def count(batches):
    return sum(len(batch) for batch in batches)


def sums(batches):
    return [row_sums(batch) for batch in batches]


def say(**reply):
    print(json.dumps(reply), flush=True)


def main(peer):
    scratch, command = sys.argv[1:]
    Session(peer, scratch).run(command)
