//! The file that a Unix socket was bound to.

use std::path::PathBuf;

/// The file of a Unix socket: which one it was when it was made.
#[derive(Debug)]
pub(super) struct SocketFile {
    #[cfg(unix)]
    path: PathBuf,
    #[cfg(unix)]
    identity: (u64, u64),
}

impl SocketFile {
    #[cfg(unix)]
    pub(super) fn of(path: &PathBuf) -> Option<Self> {
        let identity = identity(path)?;
        Some(Self {
            path: path.clone(),
            identity,
        })
    }

    #[cfg(windows)]
    pub(super) fn of(_path: &PathBuf) -> Option<Self> {
        None
    }
}

#[cfg(unix)]
fn identity(path: &PathBuf) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::symlink_metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Another server may listen there by now.
        #[cfg(unix)]
        if identity(&self.path) == Some(self.identity) {
            // What is gone already need not be removed.
            drop(std::fs::remove_file(&self.path));
        }
    }
}
