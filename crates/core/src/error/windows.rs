//! Windows' error numbers as libuv's.
//!
//! Node reports libuv's numbers on Windows too, and `util.getSystemErrorMap` knows only these.
//! The pairs follow `uv_translate_sys_error` of libuv.

use windows_sys::Win32::Foundation as win32;
use windows_sys::Win32::Networking::WinSock as winsock;

const TABLE: &[(i32, i32)] = &[
    (winsock::WSAEACCES, -4092),
    (winsock::WSAEADDRINUSE, -4091),
    (winsock::WSAEADDRNOTAVAIL, -4090),
    (winsock::WSAEAFNOSUPPORT, -4089),
    (winsock::WSAEALREADY, -4084),
    (winsock::WSAEBADF, -4083),
    (winsock::WSAECANCELLED, -4081),
    (winsock::WSAECONNABORTED, -4079),
    (winsock::WSAECONNREFUSED, -4078),
    (winsock::WSAECONNRESET, -4077),
    (winsock::WSAENETRESET, -4077),
    (winsock::WSAEDESTADDRREQ, -4076),
    (winsock::WSAEFAULT, -4074),
    (winsock::WSAEHOSTUNREACH, -4073),
    (winsock::WSAEINTR, -4081),
    (winsock::WSAEINVAL, -4071),
    (winsock::WSAEPFNOSUPPORT, -4071),
    (winsock::WSAEISCONN, -4069),
    (winsock::WSAEMFILE, -4066),
    (winsock::WSAEMSGSIZE, -4065),
    (winsock::WSAENETDOWN, -4063),
    (winsock::WSAENETUNREACH, -4062),
    (winsock::WSAENOBUFS, -4060),
    (winsock::WSAENOTCONN, -4053),
    (winsock::WSAENOTSOCK, -4050),
    (winsock::WSAEOPNOTSUPP, -4049),
    (winsock::WSAESHUTDOWN, -4047),
    (winsock::WSAEPROTONOSUPPORT, -4045),
    (winsock::WSAEPROTOTYPE, -4044),
    (winsock::WSAETIMEDOUT, -4039),
    (winsock::WSAENOPROTOOPT, -4035),
    (winsock::WSAESOCKTNOSUPPORT, -4025),
    (win32::ERROR_ACCESS_DENIED as i32, -4048),
    (win32::ERROR_ADDRESS_ALREADY_ASSOCIATED as i32, -4091),
    (win32::ERROR_BAD_PATHNAME as i32, -4058),
    (win32::ERROR_BAD_PIPE as i32, -4047),
    (win32::ERROR_BROKEN_PIPE as i32, -4095),
    (win32::ERROR_FILE_NOT_FOUND as i32, -4058),
    (win32::ERROR_FILENAME_EXCED_RANGE as i32, -4064),
    (win32::ERROR_INVALID_NAME as i32, -4058),
    (win32::ERROR_NO_DATA as i32, -4047),
    (win32::ERROR_CONNECTION_ABORTED as i32, -4079),
    (win32::ERROR_CONNECTION_REFUSED as i32, -4078),
    (win32::ERROR_HOST_UNREACHABLE as i32, -4073),
    (win32::ERROR_INVALID_HANDLE as i32, -4083),
    (win32::ERROR_INVALID_PARAMETER as i32, -4071),
    (win32::ERROR_NETNAME_DELETED as i32, -4077),
    (win32::ERROR_NETWORK_UNREACHABLE as i32, -4062),
    (win32::ERROR_NOT_CONNECTED as i32, -4053),
    (win32::ERROR_NOT_ENOUGH_MEMORY as i32, -4057),
    (win32::ERROR_NOT_FOUND as i32, -4058),
    (win32::ERROR_NOT_SUPPORTED as i32, -4049),
    (win32::ERROR_OPERATION_ABORTED as i32, -4081),
    (win32::ERROR_OUTOFMEMORY as i32, -4057),
    (win32::ERROR_PATH_NOT_FOUND as i32, -4058),
    (win32::ERROR_PIPE_BUSY as i32, -4082),
    (win32::ERROR_PIPE_NOT_CONNECTED as i32, -4047),
    (win32::ERROR_PRIVILEGE_NOT_HELD as i32, -4048),
    (win32::ERROR_SEM_TIMEOUT as i32, -4039),
    (win32::ERROR_SHARING_VIOLATION as i32, -4082),
    (win32::ERROR_TOO_MANY_OPEN_FILES as i32, -4066),
];

/// libuv's negative number for `raw`, or its "unknown" where libuv has none.
pub(super) fn libuv_code(raw: i32) -> i32 {
    TABLE
        .iter()
        .find(|(system, _)| *system == raw)
        .map_or(super::UV_UNKNOWN, |(_, code)| *code)
}
