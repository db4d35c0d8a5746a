"""The guard of Windows: a job object, which the system closes when the agent's process ends.

A process belongs to the job from just after its start, as does what it starts then.
"""

from __future__ import annotations

import ctypes
import logging
import sys
import threading
from collections.abc import Sequence

assert sys.platform == "win32"

from ctypes import wintypes  # noqa: E402 - it cannot be imported elsewhere

log = logging.getLogger(__name__)
_EXTENDED_LIMIT_INFORMATION = 9
_KILL_ON_JOB_CLOSE = 0x2000
_TERMINATE_AND_SET_QUOTA = 0x0101


class _BasicLimits(ctypes.Structure):
    _fields_ = (
        ("PerProcessUserTimeLimit", wintypes.LARGE_INTEGER),
        ("PerJobUserTimeLimit", wintypes.LARGE_INTEGER),
        ("LimitFlags", wintypes.DWORD),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", wintypes.DWORD),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", wintypes.DWORD),
        ("SchedulingClass", wintypes.DWORD),
    )


class _ExtendedLimits(ctypes.Structure):
    _fields_ = (
        ("BasicLimitInformation", _BasicLimits),
        ("IoInfo", ctypes.c_ulonglong * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    )


def _kernel() -> ctypes.WinDLL:
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.CreateJobObjectW.restype = wintypes.HANDLE
    kernel.CreateJobObjectW.argtypes = (wintypes.LPVOID, wintypes.LPCWSTR)
    kernel.SetInformationJobObject.argtypes = (
        wintypes.HANDLE,
        ctypes.c_int,
        wintypes.LPVOID,
        wintypes.DWORD,
    )
    kernel.OpenProcess.restype = wintypes.HANDLE
    kernel.OpenProcess.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)
    kernel.AssignProcessToJobObject.argtypes = (wintypes.HANDLE, wintypes.HANDLE)
    kernel.CloseHandle.argtypes = (wintypes.HANDLE,)
    return kernel


class JobGuard:
    """A job whose processes end when its only handle is closed; containers go on."""

    def __init__(self) -> None:
        self._kernel = _kernel()
        self._lock = threading.Lock()
        self._job: int | None = None
        self._closed = False

    def start(self) -> None:
        """Make the job."""
        with self._lock:
            if self._job is not None or self._closed:
                return
            job = self._kernel.CreateJobObjectW(None, None)
            limits = _ExtendedLimits()
            limits.BasicLimitInformation.LimitFlags = _KILL_ON_JOB_CLOSE
            if job and self._kernel.SetInformationJobObject(
                job, _EXTENDED_LIMIT_INFORMATION, ctypes.byref(limits), ctypes.sizeof(limits)
            ):
                self._job = job
            else:
                log.warning("Tasks may outlive their agent: %s", _last_error())

    def runs(self, pid: int) -> None:
        """Put a process into the job."""
        with self._lock:
            if self._job is None:
                return
            process = self._kernel.OpenProcess(_TERMINATE_AND_SET_QUOTA, False, pid)
            if not process:
                return  # it has ended
            if not self._kernel.AssignProcessToJobObject(self._job, process):
                log.warning("Process %d may outlive its agent: %s", pid, _last_error())
            self._kernel.CloseHandle(process)

    def contains(self, name: str, program: Sequence[str]) -> None:
        """A container is no process of ours."""

    def ended(self, who: int | str) -> None:
        """The system knows."""

    def close(self) -> None:
        """Close the job, which ends what is left in it."""
        with self._lock:
            self._closed = True
            if self._job is not None:
                self._kernel.CloseHandle(self._job)
                self._job = None


def _last_error() -> OSError:
    return ctypes.WinError(ctypes.get_last_error())
