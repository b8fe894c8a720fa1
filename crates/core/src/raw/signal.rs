//! SIGPIPE, which ends a process that writes to a pipe that nobody reads.
//!
//! Node ignores it, and so a write says EPIPE. But a program that listened to it and stopped to do so
//! has put it back to what it does by default. Sockets have a flag against it, pipes do not.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;

/// Runs a write, whose EPIPE is told by its error alone. Costs one system call where the signal is
/// ignored or handled, as it nearly always is.
pub(crate) fn without_sigpipe<T>(write: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    if !is_deadly() {
        return write();
    }
    let pipe = set_of_sigpipe();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `pipe` is a set, and there is room for another; concerns this thread alone.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &pipe, before.as_mut_ptr()) };
    let was_pending = is_pending();
    let outcome = write();
    if !was_pending && is_pending() {
        let mut signal = 0;
        // SAFETY: `pipe` is a set. Its signal waits, and is blocked, so that this returns at once.
        unsafe { libc::sigwait(&pipe, &mut signal) };
    }
    // SAFETY: the first call has filled `before`.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), ptr::null_mut()) };
    outcome
}

fn is_deadly() -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: asks, and there is room for the answer.
    unsafe { libc::sigaction(libc::SIGPIPE, ptr::null(), action.as_mut_ptr()) };
    // SAFETY: zeroes are an action as well: the one of SIG_DFL.
    unsafe { action.assume_init() }.sa_sigaction == libc::SIG_DFL
}

fn set_of_sigpipe() -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: there is room for a set.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: the call before has made it one.
    unsafe { libc::sigaddset(set.as_mut_ptr(), libc::SIGPIPE) };
    // SAFETY: likewise.
    unsafe { set.assume_init() }
}

fn is_pending() -> bool {
    let mut set = set_of_sigpipe();
    // SAFETY: there is room for a set.
    unsafe { libc::sigpending(&mut set) };
    // SAFETY: it is a set.
    unsafe { libc::sigismember(&set, libc::SIGPIPE) == 1 }
}
