"""The walls around a submission, raised by its own process before it reads a line of it. Linux only.

Landlock decides which files can be read and written, seccomp which system calls are left: no other
process is started, signalled or looked into, no socket opened, no file's owner or mode changed. Limits of
resources bound time, memory and the size of a file. None of them can be lifted by the process itself.
"""

import ctypes
import os
import platform
import re
import resource
import site
import struct
import sys
from collections.abc import Iterable
from errno import EACCES, ENOSYS
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
PACKAGE = Path(__file__).resolve().parents[2]

# Landlock, from linux/landlock.h: its system calls have the same numbers on every machine.
CREATE, ADD, RESTRICT = 444, 445, 446
EXECUTE, WRITE, READ, READ_FOLDER, TRUNCATE = 1, 2, 4, 8, 1 << 14
KNOWN = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}  # rights by version

# What programs look at beside their own files: the processor, the time zone, how to find a library.
SYSTEM = """
    /usr /lib /lib64 /bin /etc/ld.so.cache /etc/localtime /etc/passwd /etc/mime.types /etc/nsswitch.conf
    /proc/self /proc/cpuinfo /proc/meminfo /proc/stat /proc/filesystems /sys/devices/system /sys/fs/cgroup
    /dev/urandom /dev/random /dev/zero
""".split()

# System calls refused: name, number on x86_64, number on aarch64 (- where there is none).
REFUSED = """
    execve 59 221    execveat 322 281    fork 57 -    vfork 58 -    unshare 272 97    setns 308 268    ptrace 101 117
    process_vm_readv 310 270    process_vm_writev 311 271    tkill 200 130    rt_sigqueueinfo 129 138
    rt_tgsigqueueinfo 297 240    pidfd_send_signal 424 424    setpriority 141 140    ioprio_set 251 30
    sched_setscheduler 144 119    sched_setattr 314 274    socket 41 198    io_uring_setup 425 425    bpf 321 280
    chmod 90 -    fchmod 91 52    fchmodat 268 53    fchmodat2 452 452    chown 92 -    lchown 94 -    fchown 93 55
    fchownat 260 54    utime 132 -    utimes 235 -    futimesat 261 -    utimensat 280 88    truncate 76 45
    setxattr 188 5    lsetxattr 189 6    removexattr 197 14    lremovexattr 198 15    setxattrat 463 463
    removexattrat 466 466    file_setattr 469 469    memfd_create 319 279    shmget 29 194    semget 64 190
    msgget 68 186    mq_open 240 180    perf_event_open 298 241    userfaultfd 323 282    keyctl 250 219
    add_key 248 217    inotify_add_watch 254 27    fanotify_init 300 262    syslog 103 116
"""
# Refused where the first argument names another process.
OF_OTHERS = "kill 62 129    tgkill 234 131    prlimit64 302 261    sched_setaffinity 203 122"
CLONE, CLONE3, SECCOMP = (56, 220), (435, 435), (317, 277)
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column above, and the kernel's name


def missing() -> list[str]:
    """What this system lacks for the walls to stand, in words; nothing where they can."""
    lacks = []
    if platform.system() != "Linux" or platform.machine() not in MACHINES:
        return [f"submissions are walled in on Linux, on x86_64 and aarch64 only; this is {platform.platform()}"]
    if LIBC.syscall(CREATE, None, ctypes.c_size_t(0), 1) < 1:
        lacks.append("Landlock is not there, or switched off (it came with Linux 5.13)")
    if LIBC.prctl(21, 0, 0, 0, 0) < 0:
        lacks.append("seccomp is not there")
    return lacks


def readable() -> list[Path]:
    """What a submission can read: Python, its packages, minigrad, and what programs need of the system."""
    packages = [*site.getsitepackages(), site.getusersitepackages(), *(p for p in sys.path if p.endswith("-packages"))]
    paths = map(Path, [sys.prefix, sys.base_prefix, *packages, *SYSTEM])
    return [PACKAGE, *(path.resolve() for path in paths if path.exists())]


def raise_walls(folder: Path, seconds: float, memory: int, file: int) -> None:
    """Shut this process in: it writes only into `folder`, within these limits (memory and file in bytes)."""
    if len(os.listdir("/proc/self/task")) > 1:
        raise RuntimeError("walls hold only the thread that raises them, and there are others")
    of_all_threads = 2 * round(seconds + 1)
    limits = {"CPU": of_all_threads, "DATA": memory, "AS": 2 * memory, "FSIZE": file, "NOFILE": 128, "CORE": 0}
    for limit, most in limits.items():  # AS, what is reserved, is more than DATA, what is used
        resource.setrlimit(getattr(resource, f"RLIMIT_{limit}"), (most, most))
    drop_capabilities()
    prctl(1, 9)  # PR_SET_PDEATHSIG: it ends when the grader ends
    prctl(38, 1)  # PR_SET_NO_NEW_PRIVS
    restrict_files(readable(), [folder])
    refuse_calls()


def prctl(*numbers: int) -> None:
    """Call prctl, which takes five numbers."""
    done(LIBC.prctl(*(ctypes.c_ulong(n) for n in (*numbers, 0, 0, 0, 0)[:5])), "prctl")


def done(result: int, what: str) -> int:
    """Return the result of a system call unless it failed."""
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


def drop_capabilities() -> None:
    """Give up what root may do beyond other users; of no effect for others."""
    header, none = struct.pack("Ii", 0x20080522, 0), bytes(24)
    done(LIBC.capset(header, none), "capset")


def restrict_files(read: Iterable[Path], write: Iterable[Path]) -> None:
    """Leave only these folders and files in reach, by Landlock."""
    version = done(LIBC.syscall(CREATE, None, ctypes.c_size_t(0), 1), "Landlock")
    rights = KNOWN[max(known for known in KNOWN if known <= version)]
    scope = (0, 0)[: version >= 4] + (3,) * (version >= 6)
    ruleset = struct.pack(f"{1 + len(scope)}Q", rights, *scope)
    handle = done(LIBC.syscall(CREATE, ruleset, ctypes.c_size_t(len(ruleset)), 0), "Landlock")
    grants = [(path, READ | READ_FOLDER) for path in read] + [(path, rights & ~EXECUTE) for path in write]
    for path, allowed in [*grants, (Path("/dev/null"), READ | WRITE)]:
        if not path.is_dir():
            allowed &= READ | WRITE
        at = os.open(path, os.O_PATH)
        rule = struct.pack("=Qi", allowed, at)
        done(LIBC.syscall(ADD, handle, 1, rule, 0), f"Landlock, {path}")
        os.close(at)
    done(LIBC.syscall(RESTRICT, handle, 0), "Landlock")
    os.close(handle)


def numbers(table: str, column: int) -> list[int]:
    """Return the numbers in a column of a table of system calls.

    >>> numbers("kill 62 129    fork 57 -", column=1)
    [129]
    """
    calls = [call.split() for call in re.split(r"\s{2,}", table.strip())]
    return [int(call[1 + column]) for call in calls if call[1 + column] != "-"]


def refuse_calls() -> None:
    """Let the kernel refuse the system calls above from now on, in all threads: a filter in BPF for seccomp."""
    column, machine = MACHINES[platform.machine()]
    load, equal, least, bits, give = 0x20, 0x15, 0x35, 0x45, 0x06  # BPF: load a word; jump if =, ≥, any bit set; return
    allow, refuse, unknown = 0x7FFF0000, 0x50000 | EACCES, 0x50000 | ENOSYS
    program = [(load, 0, 0, 4), (equal, 1, 0, machine), (give, 0, 0, 0x80000000), (load, 0, 0, 0)]
    program += [(least, 0, 1, 0x40000000), (give, 0, 0, refuse)]  # the second set of numbers that x86_64 has
    for number in numbers(REFUSED, column):
        program += [(equal, 0, 1, number), (give, 0, 0, refuse)]
    program += [(equal, 0, 1, CLONE3[column]), (give, 0, 0, unknown)]  # as unknown, so that clone is used
    # Threads are begun by clone, as processes are, with the flag CLONE_THREAD in the first argument.
    program += [(equal, 0, 4, CLONE[column]), (load, 0, 0, 16), (bits, 1, 0, 0x10000)]
    program += [(give, 0, 0, refuse), (give, 0, 0, allow)]
    for number in numbers(OF_OTHERS, column):  # 0 means the process itself, too
        program += [(equal, 0, 5, number), (load, 0, 0, 16), (equal, 2, 0, os.getpid()), (equal, 1, 0, 0)]
        program += [(give, 0, 0, refuse), (give, 0, 0, allow)]
    program.append((give, 0, 0, allow))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    filter_ = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    done(LIBC.syscall(SECCOMP[column], 1, 1, filter_), "seccomp")
