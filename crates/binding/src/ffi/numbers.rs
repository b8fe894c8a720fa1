//! Many numbers in one argument.

use mio_js_core::{Misuse, Result};

use super::call::{Call, MAX_SAFE_INTEGER};

const F64: usize = size_of::<f64>();

impl Call<'_> {
    /// The first `len` words of a `Uint32Array`.
    #[inline]
    pub(crate) fn words(&self, index: usize, len: usize) -> Result<&[u32]> {
        let view = self.view(self.value(index))?;
        if len == 0 {
            return Ok(&[]);
        }
        let data = view.data.cast::<u32>();
        if view.len / size_of::<u32>() < len || !data.is_aligned() {
            return Err(Misuse::BytesRange.into());
        }
        // SAFETY: rule "bytes"; the view is not shared, is aligned, and has `len` words.
        Ok(unsafe { std::slice::from_raw_parts(data, len) })
    }

    /// All bytes of a view, whatever the arguments after it are.
    pub(crate) fn whole(&self, index: usize) -> Result<&[u8]> {
        let view = self.view(self.value(index))?;
        // SAFETY: rule "bytes"; the view is not shared and has `len` bytes at `data`.
        Ok(unsafe { std::slice::from_raw_parts(view.data, view.len) })
    }

    /// The first `len` bytes of a view.
    #[inline]
    pub(crate) fn prefix(&self, index: usize, len: usize) -> Result<&[u8]> {
        let view = self.view(self.value(index))?;
        if view.len < len {
            return Err(Misuse::BytesRange.into());
        }
        // SAFETY: rule "bytes"; the view is not shared and has at least `len` bytes.
        Ok(unsafe { std::slice::from_raw_parts(view.data, len) })
    }

    /// The first numbers of a `Float64Array`.
    pub(crate) fn floats<const N: usize>(&self, index: usize) -> Result<[f64; N]> {
        let bytes = self.prefix(index, N * F64)?;
        let mut floats = [0.0; N];
        for (float, bytes) in floats.iter_mut().zip(bytes.as_chunks::<F64>().0) {
            *float = f64::from_ne_bytes(*bytes);
        }
        Ok(floats)
    }

    /// As [`Call::floats`], of whole numbers.
    ///
    /// Errors: [`Misuse::Range`] for what is no whole number of 53 bits.
    pub(crate) fn integers<const N: usize>(&self, index: usize) -> Result<[u64; N]> {
        let floats = self.floats(index)?;
        if floats
            .iter()
            .any(|float| !(0.0..=MAX_SAFE_INTEGER).contains(float) || float.trunc() != *float)
        {
            return Err(Misuse::Range.into());
        }
        Ok(floats.map(|float| float as u64))
    }

    /// Writes numbers to the `Float64Array` in the last argument.
    pub(crate) fn put_floats(
        &mut self,
        index: usize,
        floats: impl ExactSizeIterator<Item = f64>,
    ) -> Result<()> {
        let (out, _) = self.bytes_mut(index)?.as_chunks_mut::<F64>();
        if out.len() < floats.len() {
            return Err(Misuse::BytesRange.into());
        }
        for (slot, float) in out.iter_mut().zip(floats) {
            *slot = float.to_ne_bytes();
        }
        Ok(())
    }
}
