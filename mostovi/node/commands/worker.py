# SPDX-License-Identifier: EUPL-1.2
"""`mostovi worker`: background work in a process of its own."""

from __future__ import annotations

import argparse
import json
import signal
import threading

from mostovi.node import startup


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "worker",
        help="run background work in a process of its own",
        description="Run periodic jobs and queued tasks until stopped. Several workers may run "
        "on one database: each job is held by one of them at a time.",
    )
    parser.add_argument("--once", action="store_true", help="run what is due now, then leave")
    parser.add_argument("--list", action="store_true", help="print the jobs and how they last went")
    parser.add_argument("--json", action="store_true", help="print the list as JSON")
    parser.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    """Work until stopped; with `--list` exit 1 when a job's last run failed."""
    startup.keep_private()
    startup.start_django(needs_node=True)
    if options.list:
        return _print_jobs(as_json=options.json)
    from mostovi.node.worker import Lane, Worker, jobs

    if options.once:
        print(f"{Lane(jobs()).once()} jobs were due and ran.")
        return 0
    from django.conf import settings

    from mostovi.node.backup import node_running

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with node_running(settings.MOSTOVI.home):
        worker = Worker()
        worker.start()
        stop.wait()
        return 0 if worker.finish() else 1


def _print_jobs(*, as_json: bool) -> int:
    from mostovi.node.job_models import JobRun
    from mostovi.node.worker import jobs

    runs = {run.name: run for run in JobRun.objects.all()}
    rows = []
    for job in jobs():
        run = runs.get(job.name)
        rows.append(
            {
                "job": job.name,
                "every_seconds": job.every.total_seconds(),
                "last_finished": run.last_finished.isoformat()
                if run and run.last_finished
                else None,
                "last_count": run.last_count if run else 0,
                "failures": run.failures if run else 0,
                "last_error": run.last_error if run else "",
            }
        )
    if as_json:
        print(json.dumps(rows))
    else:
        for row in rows:
            failed = f"failed {row['failures']} times: {row['last_error']}"
            last = row["last_finished"] or "never"
            print(f"{row['job']:<40} {last:<33} {failed if row['failures'] else 'ok'}")
    return 1 if any(row["failures"] for row in rows) else 0
