//! Why an operation failed, as one negative number.
//!
//! Errors cross into JavaScript as numbers, because building an error object costs more than most
//! calls. Errors of the operating system have the number that Node uses for them (libuv's: the
//! negated errno on Unix, libuv's own range on Windows), so that Node's `util.getSystemErrorMap`
//! names them. What a program did wrong has a [`Misuse`], a number below all of these, and the row
//! of [`Misuse::ALL`] that the facade makes its error from.

#[cfg(windows)]
mod windows;

use std::io;

#[cfg(unix)]
pub(crate) use libc::ECONNREFUSED;
#[cfg(windows)]
pub(crate) use windows_sys::Win32::Networking::WinSock::WSAECONNREFUSED as ECONNREFUSED;

/// Nothing to read, accept or send right now. Not a failure: JavaScript sees `null`.
pub const WOULD_BLOCK: i32 = -10_000;

/// libuv's number for an error that it has no name for.
const UV_UNKNOWN: i32 = -4094;

/// The result of everything that can fail.
pub type Result<T> = std::result::Result<T, Failure>;

/// Why an operation failed: the system refused, or the program asked for something impossible.
#[derive(Debug)]
pub enum Failure {
    /// An error of the operating system, would-block included.
    Io(io::Error),
    /// A mistake in the calling program.
    Misuse(Misuse),
}

impl Failure {
    /// The number that stands for this failure in JavaScript: always negative.
    pub fn code(&self) -> i32 {
        match self {
            Self::Misuse(misuse) => misuse.code(),
            Self::Io(error) if error.kind() == io::ErrorKind::WouldBlock => WOULD_BLOCK,
            Self::Io(error) => match (error.raw_os_error(), error.kind()) {
                (Some(raw), _) => system_code(raw),
                // mio's own answers on Windows, which have no system error behind them.
                (None, io::ErrorKind::AlreadyExists) => Misuse::AlreadyRegistered.code(),
                (None, io::ErrorKind::NotFound) => Misuse::NotRegistered.code(),
                (None, io::ErrorKind::Unsupported) => Misuse::Unsupported.code(),
                (None, _) => UV_UNKNOWN,
            },
        }
    }

    /// Whether this is not a failure but "not now".
    pub fn is_would_block(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::WouldBlock)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Misuse> for Failure {
    fn from(misuse: Misuse) -> Self {
        Self::Misuse(misuse)
    }
}

#[cfg(not(windows))]
fn system_code(raw: i32) -> i32 {
    -raw
}

#[cfg(windows)]
fn system_code(raw: i32) -> i32 {
    windows::libuv_code(raw)
}

macro_rules! misuses {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $class:literal, $message:literal;)+) => {
        /// What a program can do wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Misuse {
            $($(#[$doc])* $name,)+
        }

        impl Misuse {
            /// The table that every `code` of this kind comes from:
            /// variant, `error.code`, class of the JavaScript error, `error.message`.
            pub const ALL: &[(Self, &str, &str, &str)] = &[
                $((Self::$name, $code, $class, $message),)+
            ];
        }
    };
}

misuses! {
    /// The socket was closed, given away, or the handle was never one.
    SourceClosed = "ERR_SOURCE_CLOSED", "Error", "The source is closed";
    /// The poller was closed.
    PollClosed = "ERR_POLL_CLOSED", "Error", "The Poll is closed";
    /// The waker was closed, or its poller was.
    WakerClosed = "ERR_WAKER_CLOSED", "Error", "The Waker is closed";
    /// A method of one kind of source on another kind.
    WrongSource = "ERR_INVALID_THIS", "TypeError", "The method does not exist on this kind of source";
    /// Registered already, with whatever poller.
    AlreadyRegistered = "ERR_SOURCE_ALREADY_REGISTERED", "Error",
        "I/O source already registered with a `Registry`";
    /// Not registered at all.
    NotRegistered = "ERR_SOURCE_NOT_REGISTERED", "Error",
        "I/O source not registered with `Registry`";
    /// Registered, but with another poller.
    RegisteredElsewhere = "ERR_SOURCE_REGISTERED_ELSEWHERE", "Error",
        "I/O source already registered with a different `Registry`";
    /// A second waker for one poller.
    SecondWaker = "ERR_WAKER_EXISTS", "Error",
        "Only a single `Waker` can be active per `Poll` instance";
    /// One token for the waker and for a source could not be told apart.
    TokenOfWaker = "ERR_TOKEN_IN_USE", "Error",
        "The token is shared by the Waker and a source of the same Poll";
    /// The poller is being waited on.
    Busy = "ERR_INVALID_STATE", "Error", "The Poll is being waited on already";
    /// An interest without a bit, or with an unknown one.
    Interest = "ERR_INVALID_ARG_VALUE", "TypeError", "The interest is empty or has unknown bits";
    /// This operating system does not have it.
    Unsupported = "ERR_FEATURE_UNAVAILABLE_ON_PLATFORM", "TypeError",
        "The feature is unavailable on this platform";
    /// More than four million objects of a kind.
    TooManyHandles = "ERR_TOO_MANY_HANDLES", "Error", "Too many sources are open at once";
    /// Not a literal IP address.
    Address = "ERR_INVALID_ADDRESS", "TypeError",
        "The address is not a literal IPv4 or IPv6 address (names are not resolved)";
    /// The engine was closed, or the handle was never one.
    EngineClosed = "ERR_ENGINE_CLOSED", "Error", "The engine is closed";
    /// The server was closed.
    ServerClosed = "ERR_SERVER_CLOSED", "Error", "The server is closed";
    /// The socket of an engine was closed.
    SocketClosed = "ERR_SOCKET_CLOSED", "Error", "The socket is closed";
    /// The peer does not read as fast as the program writes.
    PendingLimit = "ERR_PENDING_LIMIT", "Error",
        "More bytes were waiting to be written than maxPending allows";
    /// Nothing happened for too long.
    IdleTimeout = "ERR_IDLE_TIMEOUT", "Error", "Nothing happened for as long as idleTimeout allows";
    /// The peer has not sent anything.
    FirstByteTimeout = "ERR_FIRST_BYTE_TIMEOUT", "Error",
        "The peer sent nothing for as long as firstByteTimeout allows";
    /// A descriptor of another kind than the class it was given to.
    DescriptorType = "ERR_INVALID_FD_TYPE", "TypeError",
        "The descriptor is not a socket of this kind";
    /// Not the end of a pipe that was asked for.
    PipeType = "ERR_INVALID_FD_TYPE", "TypeError", "The descriptor is not this end of a pipe";
    /// A name with NUL in it.
    PipeName = "ERR_INVALID_ARG_VALUE", "TypeError", "The name of a pipe must not contain NUL";
    /// A file or a directory, which is ready at all times.
    NotPollable = "ERR_INVALID_FD_TYPE", "TypeError",
        "The descriptor is a file or a directory, which cannot be watched";
    /// A descriptor that a source of this environment owns.
    DescriptorOwned = "ERR_FD_OWNED", "Error", "The descriptor belongs to another source already";
    /// A source that was shared, and taken, or closed with the thread that shared it.
    SharedSourceGone = "ERR_SHARED_SOURCE_GONE", "Error",
        "The shared source was taken already, or closed with the thread that shared it";
    /// A source that was shared, for another class.
    SharedSourceKind = "ERR_INVALID_ARG_VALUE", "TypeError",
        "The shared source is of another kind than the class";
    /// Not a view of bytes.
    Bytes = "ERR_INVALID_ARG_TYPE", "TypeError",
        "The buffer must be a Buffer, TypedArray or DataView";
    /// A view of shared memory, which another thread could change during the call.
    SharedBytes = "ERR_INVALID_ARG_TYPE", "TypeError",
        "The buffer must not be backed by a SharedArrayBuffer";
    /// A view of memory that went elsewhere.
    DetachedBytes = "ERR_BUFFER_DETACHED", "TypeError", "The buffer is detached";
    /// Offset and length that do not lie inside the view.
    BytesRange = "ERR_OUT_OF_RANGE", "RangeError",
        "The offset and length must be integers that lie within the buffer";
    /// Two buffers of one vectored read that share bytes.
    OverlappingBytes = "ERR_INVALID_ARG_VALUE", "TypeError",
        "The buffers of one read must not overlap";
    /// An argument of the wrong type, at the native boundary.
    Argument = "ERR_INVALID_ARG_TYPE", "TypeError", "An argument has the wrong type";
    /// A number outside its range, at the native boundary.
    Range = "ERR_OUT_OF_RANGE", "RangeError", "A number is out of range";
    /// An option whose value holds addresses, or has no bounds.
    OptionUnsafe = "ERR_OPTION_UNSAFE", "TypeError",
        "The option could make the system touch memory beyond its value, or is of an unknown level";
    /// A bug of this package: please report it.
    Panic = "ERR_MIO_PANIC", "Error", "The native code panicked; this is a bug in mio-js";
}

impl Misuse {
    /// The number that stands for this misuse in JavaScript.
    pub const fn code(self) -> i32 {
        WOULD_BLOCK - 1 - self as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_of_a_misuse_can_be_a_system_error() {
        for (misuse, ..) in Misuse::ALL {
            assert!(misuse.code() < WOULD_BLOCK);
        }
    }

    #[test]
    fn would_block_is_told_apart_from_failures() {
        let error = Failure::from(io::Error::from(io::ErrorKind::WouldBlock));
        assert!(error.is_would_block());
        assert_eq!(error.code(), WOULD_BLOCK);
    }

    #[test]
    #[cfg(unix)]
    fn system_errors_are_the_negated_errno() {
        let error = Failure::from(io::Error::from_raw_os_error(libc::ECONNRESET));
        assert_eq!(error.code(), -libc::ECONNRESET);
    }

    #[test]
    fn errors_without_a_number_still_have_a_code() {
        let error = Failure::from(io::Error::other("?"));
        assert_eq!(error.code(), UV_UNKNOWN);
    }
}
