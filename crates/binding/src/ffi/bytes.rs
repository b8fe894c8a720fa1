//! Views of JavaScript's memory, for the length of one call.
//!
//! Any `ArrayBufferView` is taken, of any realm, and exactly its bytes. Memory that another thread
//! could change meanwhile (a `SharedArrayBuffer`) is refused: no `&[u8]` may exist over it.

use std::io::{IoSlice, IoSliceMut};
use std::ptr;

use mio_js_core::transfer::MAX_BYTES;
use mio_js_core::{Misuse, Result};
use napi::sys;

use super::call::Call;

/// POSIX promises 16, every system of ours has 1024.
const MAX_VIEWS: usize = 1024;

/// `napi_float16_array`, which napi-sys does not know yet.
const FLOAT16_ARRAY: sys::napi_typedarray_type = 11;

/// The buffers of one vectored write.
pub(crate) type Views<'a> = Vec<IoSlice<'a>>;
/// The buffers of one vectored read.
pub(crate) type ViewsMut<'a> = Vec<IoSliceMut<'a>>;

#[derive(Clone, Copy)]
pub(super) struct View {
    pub(super) data: *mut u8,
    pub(super) len: usize,
}

impl View {
    fn overlaps(&self, other: &Self) -> bool {
        let (start, others) = (self.data as usize, other.data as usize);
        start < others + other.len && others < start + self.len
    }
}

impl Call<'_> {
    /// The bytes of a view, or a part of them where the next arguments are given: offset, and
    /// length, in bytes.
    #[inline]
    pub(crate) fn bytes(&self, index: usize) -> Result<&[u8]> {
        let view = self.part(index)?;
        // SAFETY: rule "bytes"; the view was not shared and has `len` bytes at `data`.
        Ok(unsafe { std::slice::from_raw_parts(view.data, view.len) })
    }

    /// As [`Call::bytes`], to write to. The exclusive borrow keeps it the only view of the call.
    #[inline]
    pub(crate) fn bytes_mut(&mut self, index: usize) -> Result<&mut [u8]> {
        let view = self.part(index)?;
        // SAFETY: rule "bytes"; no other slice over JavaScript's memory lives while `self` is
        // exclusively borrowed.
        Ok(unsafe { std::slice::from_raw_parts_mut(view.data, view.len) })
    }

    /// All bytes of several arguments that are views, to write to.
    ///
    /// Errors: [`Misuse::OverlappingBytes`] when two of them share bytes.
    pub(crate) fn wholes_mut<const N: usize>(
        &mut self,
        indexes: [usize; N],
    ) -> Result<[&mut [u8]; N]> {
        let mut views = [View {
            data: ptr::null_mut(),
            len: 0,
        }; N];
        for (view, index) in views.iter_mut().zip(indexes) {
            *view = self.view(self.arguments[index])?;
        }
        for (at, view) in views.iter().enumerate() {
            if views[..at].iter().any(|other| view.overlaps(other)) {
                return Err(Misuse::OverlappingBytes.into());
            }
        }
        Ok(views.map(|view| {
            // SAFETY: as in `bytes_mut`, and no two of them overlap.
            unsafe { std::slice::from_raw_parts_mut(view.data, view.len) }
        }))
    }

    /// The bytes of the views in an array, as many as one system call takes.
    pub(crate) fn views(&self, index: usize) -> Result<Views<'_>> {
        let views = self.array(index)?;
        let slices = views.into_iter().map(|view| {
            // SAFETY: as in `bytes`; several shared slices may overlap.
            IoSlice::new(unsafe { std::slice::from_raw_parts(view.data, view.len) })
        });
        Ok(slices.collect())
    }

    /// As [`Call::views`], to write to.
    ///
    /// Errors: [`Misuse::OverlappingBytes`] when two of them share bytes.
    pub(crate) fn views_mut(&mut self, index: usize) -> Result<ViewsMut<'_>> {
        let views = self.array(index)?;
        refuse_overlap(&views)?;
        let slices = views.into_iter().map(|view| {
            // SAFETY: as in `bytes_mut`, and no two of them overlap.
            IoSliceMut::new(unsafe { std::slice::from_raw_parts_mut(view.data, view.len) })
        });
        Ok(slices.collect())
    }

    #[inline]
    fn part(&self, index: usize) -> Result<View> {
        if !self.has(index + 1) {
            return self.view(self.arguments[index]);
        }
        // Numbers first: the pointer is the last thing that is asked for.
        let offset = self.number(index + 1)?;
        let len = if self.has(index + 2) {
            Some(self.number(index + 2)?)
        } else {
            None
        };
        let view = self.view(self.arguments[index])?;
        let whole = view.len as f64;
        let len = len.unwrap_or(whole - offset);
        let is_part = offset >= 0.0 && len >= 0.0 && offset + len <= whole;
        if !is_part || offset.trunc() != offset || len.trunc() != len {
            return Err(Misuse::BytesRange.into());
        }
        Ok(View {
            data: view.data.wrapping_add(offset as usize),
            len: len as usize,
        })
    }

    /// The views of an array, cut to what one system call takes in buffers and in bytes.
    fn array(&self, index: usize) -> Result<Vec<View>> {
        let array = self.arguments[index];
        let mut len = 0;
        // SAFETY: rule "call"; a value that is no array is a status.
        if unsafe { sys::napi_get_array_length(self.env, array, &mut len) } != sys::Status::napi_ok
        {
            return Err(Misuse::Bytes.into());
        }
        // All elements before the first pointer: an array with accessors would run JavaScript.
        let mut elements = Vec::with_capacity(MAX_VIEWS.min(len as usize));
        for at in 0..len.min(MAX_VIEWS as u32) {
            let mut element = ptr::null_mut();
            // SAFETY: rule "call".
            if unsafe { sys::napi_get_element(self.env, array, at, &mut element) }
                != sys::Status::napi_ok
            {
                return Err(Misuse::Bytes.into());
            }
            elements.push(element);
        }
        let mut room = MAX_BYTES;
        let mut views = Vec::with_capacity(elements.len());
        for element in elements {
            let mut view = self.view(element)?;
            view.len = view.len.min(room);
            room -= view.len;
            views.push(view);
        }
        Ok(views)
    }

    #[inline]
    pub(super) fn view(&self, value: sys::napi_value) -> Result<View> {
        let mut kind = -1;
        let mut len = 0;
        let mut data = ptr::null_mut();
        let mut buffer = ptr::null_mut();
        // SAFETY: rule "call"; a value that is no typed array is a status.
        let status = unsafe {
            sys::napi_get_typedarray_info(
                self.env,
                value,
                &mut kind,
                &mut len,
                &mut data,
                &mut buffer,
                ptr::null_mut(),
            )
        };
        if status == sys::Status::napi_ok {
            len *= element_size(kind).ok_or(Misuse::Bytes)?;
        } else {
            // SAFETY: rule "call"; a value that is no DataView either is a status.
            let status = unsafe {
                sys::napi_get_dataview_info(
                    self.env,
                    value,
                    &mut len,
                    &mut data,
                    &mut buffer,
                    ptr::null_mut(),
                )
            };
            if status != sys::Status::napi_ok {
                return Err(Misuse::Bytes.into());
            }
        }
        let mut unshared = false;
        // SAFETY: rule "call"; false for a SharedArrayBuffer.
        unsafe { sys::napi_is_arraybuffer(self.env, buffer, &mut unshared) };
        if !unshared {
            return Err(Misuse::SharedBytes.into());
        }
        if len == 0 {
            return self.empty(buffer);
        }
        Ok(View {
            data: data.cast(),
            len,
        })
    }

    /// A view without bytes is fine, unless it had some before its memory went elsewhere.
    #[cold]
    fn empty(&self, buffer: sys::napi_value) -> Result<View> {
        let mut detached = false;
        // SAFETY: rule "call".
        unsafe { sys::napi_is_detached_arraybuffer(self.env, buffer, &mut detached) };
        if detached {
            return Err(Misuse::DetachedBytes.into());
        }
        Ok(View {
            data: ptr::NonNull::dangling().as_ptr(),
            len: 0,
        })
    }
}

/// `None` for a kind that is newer than this list, whose bytes could not be counted.
fn element_size(kind: sys::napi_typedarray_type) -> Option<usize> {
    match kind {
        sys::TypedarrayType::int8_array
        | sys::TypedarrayType::uint8_array
        | sys::TypedarrayType::uint8_clamped_array => Some(1),
        sys::TypedarrayType::int16_array | sys::TypedarrayType::uint16_array | FLOAT16_ARRAY => {
            Some(2)
        }
        sys::TypedarrayType::int32_array
        | sys::TypedarrayType::uint32_array
        | sys::TypedarrayType::float32_array => Some(4),
        sys::TypedarrayType::float64_array
        | sys::TypedarrayType::bigint64_array
        | sys::TypedarrayType::biguint64_array => Some(8),
        _ => None,
    }
}

fn refuse_overlap(views: &[View]) -> Result<()> {
    let mut ranges: Vec<(usize, usize)> = views
        .iter()
        .filter(|view| view.len > 0)
        .map(|view| (view.data as usize, view.data as usize + view.len))
        .collect();
    ranges.sort_unstable();
    if ranges.windows(2).any(|pair| pair[0].1 > pair[1].0) {
        return Err(Misuse::OverlappingBytes.into());
    }
    Ok(())
}
