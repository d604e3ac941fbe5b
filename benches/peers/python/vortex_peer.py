"""Vortex: one file in the order of (user, ts), as a memory map."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import vortex as vx
import vortex.expr as ve

import common

BATCH_ROWS = 500_000
CODED = pa.dictionary(pa.int32(), pa.string())


class Vortex:
    name = "vortex"
    forms = ["codes", "strings", "views", "undecoded"]
    splits = True

    def load(self, folder, table):
        # Rows arrive in time order: a stable sort by user is one by user and time.
        users = table.column("user").combine_chunks().dictionary_encode()
        ranks = pc.rank(users.dictionary, tiebreaker="first").to_numpy() - 1
        order = np.argsort(ranks[users.indices.to_numpy()], kind="stable")
        table = table.drop_columns(["arrival"])

        def batches():
            for start in range(0, len(order), BATCH_ROWS):
                part = table.take(pa.array(order[start : start + BATCH_ROWS]))
                yield from part.combine_chunks().to_batches()

        path = str(folder / "data.vortex")
        vx.io.write(pa.RecordBatchReader.from_batches(table.schema, batches()), path)
        common.synced(path)

    def open(self, folder):
        # The callers decode on their own threads.
        vx.set_worker_threads(0)
        self.file = vx.open(str(folder / "data.vortex"), memory_map=True)

    def close(self):
        del self.file

    def reader(self):
        def lookup(user):
            rows = self.file.scan(common.NEWEST_COLUMNS, expr=ve.column("user") == user)
            rows = rows.read_all()
            newest = rows.slice(max(len(rows) - common.NEWEST, 0), len(rows))
            return batch_of(newest, common.NEWEST_COLUMNS, pa.string())

        return lookup

    def answer(self, rows):
        return rows[::-1]

    def unseen(self, user, candidates):
        kind = ve.column("event_type")
        taken = (kind == "purchase") | (kind == "watch")
        rows = self.file.scan(["item"], expr=(ve.column("user") == user) & taken).read_all()
        seen = set(batch_of(rows, ["item"], pa.string()).column(0).to_pylist())
        return [candidate not in seen for candidate in candidates]

    def scan(self, columns, form, window, part, parts):
        expr = None
        if window:
            expr = (ve.column("ts") >= window[0]) & (ve.column("ts") < window[1])
        rows = len(self.file)
        share = (rows * part // parts, rows * (part + 1) // parts)
        scan = self.file.to_repeated_scan(columns, expr=expr)
        text = {"codes": CODED, "views": pa.string_view()}.get(form, pa.string())
        for array in scan.execute(row_range=share):
            # Its own arrays come undecoded, so that scanning them says nothing of reading them.
            yield array if form == "undecoded" else batch_of(array, columns, text)


def batch_of(array, columns, text):
    """An array as Arrow, texts in the form of `text`."""
    types = {name: text for name in columns} | {"ts": pa.int64(), "value": pa.float32()}
    types["impression"] = pa.list_(text)
    shape = pa.struct([(name, types[name]) for name in columns])
    rows = array.to_arrow_array(arrow_type=shape)
    rows = rows.combine_chunks() if isinstance(rows, pa.ChunkedArray) else rows
    return pa.RecordBatch.from_struct_array(rows)


if __name__ == "__main__":
    common.main(Vortex())
