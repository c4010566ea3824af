"""A real Slurm of one machine, for tests: started in a folder of its own, without systemd, and stopped at the end."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "scancel", "squeue")
SETTINGS = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/munge.sock
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
KillWait=2
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,sched_interval=2,bf_interval=2
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory=4000 State=UNKNOWN
PartitionName=test Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def why_not() -> str:
    """Return why there can be no Slurm here, or an empty string."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "Slurm's daemons need root"
    missing = [name for name in NEEDED if not shutil.which(name)]
    return f"not installed: {', '.join(missing)} (Debian: slurmctld slurmd slurm-client munge)" if missing else ""


@contextmanager
def slurm() -> Iterator[dict[str, str]]:
    """Start the daemons; give what the environment of Slurm's users must hold."""
    with TemporaryDirectory(prefix="slurm-") as folder:  # munge wants one that everybody may enter
        Path(folder).chmod(0o755)
        with _daemons(Path(folder)) as environment:
            yield environment


@contextmanager
def _daemons(folder: Path) -> Iterator[dict[str, str]]:
    for name in ("munge", "state", "spool"):
        (folder / name).mkdir(mode=0o755)
    key = folder / "munge/munge.key"
    key.touch(mode=0o600)
    key.write_bytes(os.urandom(128))
    config = folder / "slurm.conf"
    ports = {"controller": free_port(), "node": free_port()}
    config.write_text(SETTINGS.format(host=socket.gethostname(), folder=folder, cores=os.cpu_count(), **ports))
    environment = os.environ | {"SLURM_CONF": str(config)}
    munge = [f"--socket={folder}/munge/munge.sock", f"--key-file={key}", f"--pid-file={folder}/munge/munged.pid"]
    munge += [f"--log-file={folder}/munge/munged.log", f"--seed-file={folder}/munge/munged.seed"]
    with ExitStack() as running:
        for command in (["munged", "-F", *munge], ["slurmctld", "-D", "-c"], ["slurmd", "-D"]):
            daemon = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            running.callback(stop, daemon)
            time.sleep(1)
        running.callback(subprocess.run, ["scancel", "--user=root"], env=environment, check=False)
        until_idle(environment, folder)
        yield {"SLURM_CONF": str(config)}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def stop(daemon: "subprocess.Popen[bytes]") -> None:
    daemon.terminate()
    try:
        daemon.wait(20)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def until_idle(environment: dict[str, str], folder: Path) -> None:
    """Wait until the machine takes jobs."""
    for _ in range(30):
        done = subprocess.run(["sinfo", "-h", "-o", "%t"], env=environment, capture_output=True, text=True, check=False)
        if done.stdout.strip() == "idle":
            return
        time.sleep(0.5)
    logs = "\n".join(path.read_text(errors="replace")[-2000:] for path in sorted(folder.rglob("*.log")))
    raise AssertionError(f"Slurm does not start: {done.stdout}{done.stderr}\n{logs}")


def jobs(environment: dict[str, str]) -> list[str]:
    """The numbers of the jobs that run."""
    done = subprocess.run(["squeue", "-h", "-t", "R", "-o", "%i"], env=os.environ | environment, capture_output=True, text=True, check=True)
    return done.stdout.split()
