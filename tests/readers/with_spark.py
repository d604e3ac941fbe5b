"""Spark: with_spark.py FOLDER, which exports.make has filled. Ends with 77 where there is no Java."""
import os
import shutil
import sys

import pyarrow.ipc
import pyspark
import pyspark.sql.functions as column
from pyspark.sql import SparkSession

import exports
import facts

TYPES = {
    "string": "string", "int32": "int", "int64": "bigint", "float32": "float", "bool": "boolean",
    "list<string>": "array<string>", "list<int64>": "array<bigint>", "list<float32>": "array<float>",
}


def session():
    home = os.environ.get("JAVA_HOME")
    if not (home and os.path.exists(os.path.join(home, "bin", "java"))) and not shutil.which("java"):
        print("Spark needs Java 17 or newer, on PATH or by JAVA_HOME")
        sys.exit(77)
    builder = SparkSession.builder.master("local[1]").appName("annals readers")
    for key, value in {
        "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.sql.shuffle.partitions": "1",
        "spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1",
    }.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def read(spark, path):
    """A Parquet file by Spark itself. It has no reader of Arrow files: pyarrow reads them, and Spark takes the table."""
    if path.endswith(".parquet"):
        return spark.read.parquet(path)
    with open(path, "rb") as file:
        table = (pyarrow.ipc.open_file if path.endswith(".arrow") else pyarrow.ipc.open_stream)(file).read_all()
    return spark.createDataFrame(table)


def compare(what, frame, want, kinds, ordered=True):
    facts.compare_types(f"Spark, {what}", dict(frame.dtypes), kinds, TYPES)
    columns = dict(zip(frame.columns, map(list, zip(*frame.collect()))))
    facts.compare(f"Spark, {what}", columns, want, ordered)


def main():
    os.chdir(sys.argv[1])
    spark = session()
    print("pyspark", pyspark.__version__, "with Java", spark._jvm.java.lang.System.getProperty("java.version"))
    for layout in exports.LAYOUTS:
        want, kinds = facts.of_layout(layout)
        for form, strings in exports.FILES:
            path = f"{layout}-{strings}.{form}"
            if strings == "view" and form != "parquet":
                facts.refused(f"Spark, {path}", "string_view is not supported", lambda path=path: read(spark, path))
            else:
                compare(path, read(spark, path), want, kinds)
    rows = read(spark, "rows-plain.parquet")
    counted = rows.agg(
        column.count("*").alias("rows"),
        column.countDistinct("USER_ID").alias("users"),
        column.sum("TIMESTAMP").alias("times"),
        column.count_if(column.col("EVENT_TYPE") == "view").alias("views"),
        column.count("DEVICE").alias("devices"),
        column.sum(column.array_size("IMPRESSION")).alias("shown"),
    )
    want = facts.aggregates(facts.of_layout("rows")[0])
    facts.compare_values("Spark, aggregates", counted.collect()[0].asDict(), want)
    for name in exports.FOLDERS:
        depth = "*" if name != "split" else "test"
        want, kinds = facts.of_csv(f"{name}-csv/{depth}/*.csv", f"{name}-csv/manifest.json")
        if name == "split":
            compare(f"{name}-parquet/test", spark.read.parquet(f"{name}-parquet/test"), want, kinds, ordered=False)
            continue
        # The folder as a whole, with the part as a column.
        frame = spark.read.option("pathGlobFilter", "*.parquet").parquet(f"{name}-parquet")
        part = frame.columns[-1]
        assert dict(frame.dtypes)[part] == "string", frame.dtypes
        folders = {line.split("=")[1] for line in os.listdir(f"{name}-parquet") if "=" in line}
        assert {row[0] for row in frame.select(part).distinct().collect()} == folders
        compare(f"{name}-parquet", frame.drop(part), want, kinds, ordered=False)
    spark.stop()


if __name__ == "__main__":
    main()
