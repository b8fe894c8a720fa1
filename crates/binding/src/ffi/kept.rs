//! Memory of JavaScript's that is used for longer than a call.
//!
//! There are two kinds, and neither is a pointer that could go stale:
//!
//! - a [`KeptArray`] is a reference to a typed array, whose memory is looked up anew each time that
//!   something is copied there;
//! - a [`Donated`] buffer is memory that an I/O thread reads into while JavaScript runs. That needs
//!   a rule of its own, **donated**: the facade makes the buffer, shows it to no program before it
//!   is delivered, and never resizes, transfers or detaches it. So its memory stays where it is as
//!   long as the [`Reference`] is there, and nobody else touches it. The engine deletes the
//!   reference when the buffer comes back from the lane, or after the lane was dropped and its
//!   thread joined.

use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use mio_js_core::engine::{BUFFER, Buffer};
use mio_js_core::{Misuse, Result};
use napi::sys;

use super::call::Call;
use super::scope::{Reference, Scope};

/// A type that a typed array can have.
pub(crate) trait Element: Copy {
    const KIND: sys::napi_typedarray_type;
}

impl Element for u8 {
    const KIND: sys::napi_typedarray_type = sys::TypedarrayType::uint8_array;
}

impl Element for u32 {
    const KIND: sys::napi_typedarray_type = sys::TypedarrayType::uint32_array;
}

/// Where a typed array is in memory, and the value of its `ArrayBuffer`.
struct Place {
    data: *mut u8,
    len: usize,
    buffer: sys::napi_value,
}

/// Errors: [`Misuse::Bytes`] for another type.
fn place(
    env: sys::napi_env,
    value: sys::napi_value,
    kind: sys::napi_typedarray_type,
) -> Result<Place> {
    let mut found = -1;
    let mut len = 0;
    let mut data = ptr::null_mut();
    let mut buffer = ptr::null_mut();
    // SAFETY: rule "call", or an open scope; a value that is no typed array is a status.
    let status = unsafe {
        sys::napi_get_typedarray_info(
            env,
            value,
            &mut found,
            &mut len,
            &mut data,
            &mut buffer,
            ptr::null_mut(),
        )
    };
    if status != sys::Status::napi_ok || found != kind {
        return Err(Misuse::Bytes.into());
    }
    Ok(Place {
        data: data.cast(),
        len,
        buffer,
    })
}

/// Errors: [`Misuse::SharedBytes`] for memory that another thread could change.
fn refuse_shared(env: sys::napi_env, buffer: sys::napi_value) -> Result<()> {
    let mut unshared = false;
    // SAFETY: rule "call"; false for a SharedArrayBuffer.
    unsafe { sys::napi_is_arraybuffer(env, buffer, &mut unshared) };
    if unshared {
        Ok(())
    } else {
        Err(Misuse::SharedBytes.into())
    }
}

/// A typed array that is copied to.
#[derive(Debug)]
pub(crate) struct KeptArray<T> {
    reference: Reference,
    element: PhantomData<T>,
}

impl<T: Element> KeptArray<T> {
    /// Keeps the typed array in an argument, which must have room for `len` elements.
    pub(crate) fn new(call: &Call<'_>, index: usize, len: usize) -> Result<Self> {
        let value = call.value(index);
        let place = place(call.env(), value, T::KIND)?;
        refuse_shared(call.env(), place.buffer)?;
        if place.len < len {
            return Err(Misuse::BytesRange.into());
        }
        Ok(Self {
            reference: Reference::new(call.env(), value)?,
            element: PhantomData,
        })
    }

    /// Copies `parts` there, one after the other.
    ///
    /// Errors: [`Misuse::BytesRange`] when there is no room, as in an array that was detached.
    pub(crate) fn write(&self, scope: &Scope, parts: &[&[T]]) -> Result<()> {
        let place = place(scope.env(), self.reference.value(scope), T::KIND)?;
        let data = place.data.cast::<T>();
        let len: usize = parts.iter().map(|part| part.len()).sum();
        if len == 0 {
            return Ok(());
        }
        if place.len < len || data.is_null() || !data.is_aligned() {
            return Err(Misuse::BytesRange.into());
        }
        // SAFETY: rule "bytes": looked up just now, and no JavaScript runs until the end of this
        // function. It is not shared, and it has at least `len` aligned elements, of a type
        // without invalid values. The parts are memory of Rust's.
        let mut rest = unsafe { std::slice::from_raw_parts_mut(data, len) };
        for part in parts {
            let (head, tail) = rest.split_at_mut(part.len());
            head.copy_from_slice(part);
            rest = tail;
        }
        Ok(())
    }
}

/// The memory of a donated buffer, on its way through a lane.
#[derive(Debug)]
pub(crate) struct Donated {
    data: NonNull<u8>,
    slot: u32,
}

// SAFETY: rule "donated": no thread but the one that has this touches the memory.
unsafe impl Send for Donated {}

impl Donated {
    /// Where it is: two donations of one buffer would share memory.
    pub(crate) fn address(&self) -> usize {
        self.data.as_ptr() as usize
    }
}

impl AsMut<[u8]> for Donated {
    fn as_mut(&mut self) -> &mut [u8] {
        // SAFETY: rule "donated": the memory lives as long as this is used, by nobody else. What is
        // in it may be anything, but another language allocated it, so to Rust it is initialised.
        unsafe { std::slice::from_raw_parts_mut(self.data.as_ptr(), BUFFER) }
    }
}

impl Buffer for Donated {
    fn slot(&self) -> u32 {
        self.slot
    }
}

impl Call<'_> {
    /// The buffer in an argument, as memory for a lane and as what keeps that memory alive.
    ///
    /// Errors: [`Misuse::BytesRange`] unless it is all of an `ArrayBuffer` of [`BUFFER`] bytes.
    pub(crate) fn donated(&self, index: usize, slot: u32) -> Result<(Donated, Reference)> {
        let value = self.value(index);
        let place = place(self.env, value, u8::KIND)?;
        refuse_shared(self.env, place.buffer)?;
        let mut whole = 0;
        // SAFETY: rule "call"; it is an `ArrayBuffer`.
        unsafe {
            sys::napi_get_arraybuffer_info(self.env, place.buffer, ptr::null_mut(), &mut whole)
        };
        let data = NonNull::new(place.data).ok_or(Misuse::DetachedBytes)?;
        if place.len != BUFFER || whole != BUFFER {
            return Err(Misuse::BytesRange.into());
        }
        let reference = Reference::new(self.env, value)?;
        Ok((Donated { data, slot }, reference))
    }
}
