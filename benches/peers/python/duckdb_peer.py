"""DuckDB: a table in the order of (user, ts), kept by the order of insertion."""

import duckdb
import pyarrow as pa

import common

SCHEMA = pa.schema([("item", pa.string()), ("ts", pa.int64()), ("event_type", pa.string())])


class DuckDB:
    name = "duckdb"
    forms = ["strings", "views"]
    splits = False

    def load(self, folder, table):
        self.make(
            folder,
            # Rows arrive in time order, so the arrival stands for the timestamp and orders equal ones.
            "CREATE TABLE events AS SELECT * EXCLUDE arrival FROM rows ORDER BY user, arrival",
            rows=table,
        )

    def load_csv(self, folder, path):
        self.make(
            folder,
            f"CREATE TABLE events AS SELECT * FROM read_csv('{path}') ORDER BY USER_ID, TIMESTAMP",
        )

    def make(self, folder, statement, **registered):
        path = str(folder / "data.duckdb")
        db = duckdb.connect(path)
        db.execute("SET threads = 2")
        for name, table in registered.items():
            db.register(name, table)
        db.execute(statement)
        db.execute("CHECKPOINT")
        db.close()
        common.synced(path)

    def open(self, folder):
        self.db = duckdb.connect(str(folder / "data.duckdb"))
        self.db.execute("SET threads = 2")
        # Without it the setting of string views says nothing and does nothing.
        self.db.execute("SET arrow_output_version = '1.4'")

    def close(self):
        self.db.close()

    def reader(self):
        db = self.db.cursor()
        db.execute(
            "PREPARE newest AS SELECT item, ts, event_type FROM events WHERE user = $1 "
            f"ORDER BY rowid DESC LIMIT {common.NEWEST}"
        )
        return lambda user: db.execute(f"EXECUTE newest('{user}')").fetchall()

    def answer(self, rows):
        columns = [list(column) for column in zip(*rows)] or [[], [], []]
        return pa.table(columns, schema=SCHEMA)

    def many(self, users):
        places = pa.array(range(len(users)), pa.int32())
        asked = self.db.cursor()
        asked.register("asked", pa.table({"place": places, "asked_user": pa.array(users)}))
        return asked.sql(
            "SELECT place, item, ts, event_type FROM (SELECT place, item, ts, event_type, "
            "row_number() OVER (PARTITION BY place ORDER BY events.rowid DESC) AS newness "
            "FROM asked JOIN events ON asked_user = user) "
            f"WHERE newness <= {common.NEWEST} ORDER BY place, newness"
        ).to_arrow_table()

    def answers(self, rows):
        places = rows.column("place").to_numpy()
        starts = [0, *(places[1:] != places[:-1]).nonzero()[0] + 1, len(places)]
        return [rows.slice(start, end - start) for start, end in zip(starts, starts[1:])]

    def unseen(self, user, candidates):
        if not hasattr(self, "seen"):
            self.seen = self.db.cursor()
            self.seen.execute(
                "PREPARE seen AS SELECT DISTINCT item FROM events "
                "WHERE user = $1 AND event_type IN ('purchase', 'watch')"
            )
        rows = self.seen.execute(f"EXECUTE seen('{user}')").fetchall()
        seen = {item for (item,) in rows}
        return [candidate not in seen for candidate in candidates]

    def scan(self, columns, form, window, part, parts):
        self.db.execute(f"SET threads = {parts}")
        self.db.execute(f"SET produce_arrow_string_view = {str(form == 'views').lower()}")
        where = f"WHERE ts >= {window[0]} AND ts < {window[1]}" if window else ""
        rows = self.db.sql(f"SELECT {', '.join(columns)} FROM events {where}")
        yield from rows.to_arrow_reader(1_000_000)
        self.db.execute("SET threads = 2")


if __name__ == "__main__":
    common.main(DuckDB())
