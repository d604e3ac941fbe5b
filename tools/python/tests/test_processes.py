"""Threads, processes, forks and signals."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import annalsdb
import pytest
from conftest import SCHEMA, event


def test_threads_write_and_read_at_once(store: annalsdb.Store) -> None:
    failures: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for at in range(200):
                store.write(event(name, f"i{at}", at), durability="buffered")
                assert len(store.history(name)) == at + 1
                assert not store.unseen(name, [f"i{at}"])[0]
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(f"user{at}",)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert store.sequence == 800


def test_the_interpreter_goes_on_while_the_store_works(store: annalsdb.Store) -> None:
    store.write([event(f"u{at % 50}", f"i{at}", at) for at in range(20_000)], durability="buffered")
    ticks = 0
    done = threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.0005)

    ticker = threading.Thread(target=tick)
    ticker.start()
    before = ticks
    store.insights()
    store.compact()
    rows = sum(len(batch) for batch in store.scan())
    done.set()
    ticker.join()
    assert rows == 20_000
    assert ticks > before + 5


WRITER = """
import sys, annalsdb
store = annalsdb.open(sys.argv[1])
print("open", flush=True)
for line in sys.stdin:
    store.write({"USER_ID": "ada", "ITEM_ID": line.strip(), "TIMESTAMP": 7, "EVENT_TYPE": "view"})
    print("wrote", flush=True)
"""


def test_one_process_writes_and_another_reads(folder: Path) -> None:
    annalsdb.create(folder, SCHEMA).close()
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdin is not None and writer.stdout is not None
    assert writer.stdout.readline() == "open\n"
    with pytest.raises(annalsdb.LockedError, match=str(writer.pid)):
        annalsdb.open(folder)
    with annalsdb.open_reader(folder) as reader:
        for at, item in enumerate(["tea", "jam", "pie"]):
            writer.stdin.write(item + "\n")
            writer.stdin.flush()
            assert writer.stdout.readline() == "wrote\n"
            reader.refresh()
            assert len(reader.history("ada")) == at + 1
    writer.stdin.close()
    assert writer.wait(30) == 0
    annalsdb.open(folder).close()


def in_child(work) -> int:  # type: ignore[no-untyped-def]
    """Forks; the child's exit code is 0 where `work` gives no message."""
    child = os.fork()
    if child == 0:
        try:
            message = work()
        except BaseException as failure:
            message = repr(failure)
        if message:
            os.write(2, message.encode())
        os._exit(1 if message else 0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_handle_that_crossed_a_fork_says_so(filled: annalsdb.Store, folder: Path) -> None:
    snapshot, scan = filled.snapshot(), filled.scan()
    batches = iter(scan)
    next(batches)
    held = [filled, snapshot, scan, batches]

    def work() -> str:
        calls = [
            lambda: filled.history("ada"),
            lambda: filled.write(event("ada", "pie", 9)),
            lambda: filled.close(),
            lambda: snapshot.unseen("ada", ["tea"]),
            lambda: list(scan),
            lambda: next(batches),
        ]
        for at, call in enumerate(calls):
            try:
                call()
                return f"call {at} went on"
            except annalsdb.ForkedError as error:
                if "open the store again" not in str(error):
                    return str(error)
        with annalsdb.open_reader(folder) as again:
            if len(again.history("ada")) != 3:
                return "not what the parent wrote"
        # Dropping them neither waits nor touches files.
        held.clear()
        return ""

    assert in_child(work) == 0
    filled.write(event("ada", "pie", 9))
    assert len(filled.history("ada")) == 4
    assert filled.verify()["sound"]


def test_a_forked_child_ends_by_itself(filled: annalsdb.Store) -> None:
    def work() -> str:
        globals()["_kept"] = None
        gc.collect()
        return ""

    assert in_child(work) == 0
    context = multiprocessing.get_context("fork")
    child = context.Process(target=gc.collect)
    child.start()
    child.join(30)
    assert child.exitcode == 0


LONG = """
import sys, annalsdb, signal
store = annalsdb.open(sys.argv[1])
def progress(*done):
    if done[0] and not progress.told:
        progress.told = True
        print("under way", flush=True)
progress.told = False
try:
    CALL
    print("done", flush=True)
except KeyboardInterrupt:
    print("interrupted", store.sequence, flush=True)
"""


@pytest.mark.parametrize(
    "call",
    [
        "store.import_csv(sys.argv[2], progress=progress)",
        "store.import_arrow(endless(), progress=progress)",
    ],
)
def test_ctrl_c_ends_a_long_call(folder: Path, tmp_path: Path, call: str) -> None:
    pytest.importorskip("pyarrow")
    annalsdb.create(folder, SCHEMA).close()
    csv = tmp_path / "in.fifo"
    os.mkfifo(csv)
    endless = """
import pyarrow as pa
def endless():
    def batches():
        while True:
            yield pa.record_batch({"USER_ID": ["ada"] * 20000, "ITEM_ID": ["tea"] * 20000,
                                   "TIMESTAMP": [1] * 20000, "EVENT_TYPE": ["view"] * 20000})
    one = next(batches())
    return pa.RecordBatchReader.from_batches(one.schema, batches())
"""
    process = subprocess.Popen(
        [sys.executable, "-c", endless + LONG.replace("CALL", call), str(folder), str(csv)],
        stdout=subprocess.PIPE,
        text=True,
    )
    stop = threading.Event()

    def feed() -> None:
        try:
            with csv.open("w") as out:
                out.write("USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,DEVICE,IMPRESSION\n")
                while not stop.is_set():
                    out.write("ada,tea,1,view,,,\n" * 10_000)
        except BrokenPipeError:
            pass

    feeder = threading.Thread(target=feed, daemon=True)
    if "csv" in call:
        feeder.start()
    assert process.stdout is not None
    assert process.stdout.readline() == "under way\n"
    process.send_signal(signal.SIGINT)
    try:
        assert process.stdout.readline() == "interrupted 0\n"
        assert process.wait(60) == 0
    finally:
        stop.set()
        process.kill()
    with annalsdb.open(folder) as store:
        assert store.sequence == 0
        assert store.verify()["sound"]


def test_an_exception_of_progress_ends_an_import(store: annalsdb.Store) -> None:
    pa = pytest.importorskip("pyarrow")
    size = 400_000
    table = pa.table(
        {"USER_ID": ["ada"] * size, "ITEM_ID": ["tea"] * size, "TIMESTAMP": [1] * size, "EVENT_TYPE": ["view"] * size}
    )

    def progress(rows: int) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        store.import_arrow(table, progress=progress)
    # Told at the end at the latest, when all is stored.
    assert store.sequence in (0, 1)
