"""Tries to run code through every port that it is told; prints what each answered, as JSON.

    python intruder.py ENGINE PORT...

Root runs it, and it goes on as `nobody` once everything is imported: root's Python may lie where
others cannot read. Other users try it as themselves, without what is in the memory and environment
of the engine's process.
"""

import asyncio
import json
import os
import pickle
import pwd
import sys
import urllib.error
import urllib.request
from typing import Any

import grpc
from distributed.core import connect
from distributed.security import Security

SECONDS = 2


async def dask(port: int) -> list[Any]:
    """What Dask's ways to run a function answer, without a certificate and with one's own."""
    answers: list[Any] = []
    own = Security.temporary().get_connection_args("client")
    for scheme, arguments in (("tcp", {}), ("tls", own)):
        try:
            address = f"{scheme}://127.0.0.1:{port}"
            comm = await asyncio.wait_for(connect(address, 1, **arguments), SECONDS)
            for operation in ("run", "run_function"):  # of workers and nannies; of the scheduler
                message = {"op": operation, "function": pickle.dumps(os.getuid), "reply": True}
                await comm.write(message)
                answer = await asyncio.wait_for(comm.read(), SECONDS)
                answers.append(answer and answer["result"])  # None: there is no such operation
        except (OSError, TimeoutError, ValueError) as error:
            answers.append(type(error).__name__)
    return answers


async def ray(port: int) -> list[Any]:
    """What Ray's services answer to those who show no token."""
    answers = []
    for method in (
        "JobInfoGcsService/GetAllJobInfo",
        "NodeManagerService/GetNodeStats",
        "CoreWorkerService/PushTask",
    ):
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            try:
                channel.unary_unary(f"/ray.rpc.{method}")(b"", timeout=SECONDS)
                answers.append("OK")
            except grpc.RpcError as error:
                answers.append(error.code().name)
    url = f"http://127.0.0.1:{port}/get_or_create_runtime_env"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, b""), timeout=SECONDS) as answer:
            answers.append(answer.status)
    except urllib.error.HTTPError as error:
        answers.append(error.code)
    except Exception:
        answers.append("no HTTP")
    return answers


async def main(engine: str, *ports: str) -> None:
    """Try all ports at once."""
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.setgroups([])
        os.setgid(nobody.pw_gid)
        os.setuid(nobody.pw_uid)
    attempt = {"dask": dask, "ray": ray}[engine]
    answers = await asyncio.gather(*(attempt(int(port)) for port in ports))
    sys.stdout.write(json.dumps(dict(zip(ports, answers, strict=True))))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
