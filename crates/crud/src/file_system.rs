//! What kind of file system a file is on, as far as the operating system tells.

use std::path::Path;

/// A kind of file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileSystem {
    /// A disk of this machine.
    Disk,
    /// In memory: gone when the machine restarts.
    Memory,
    /// On another machine, by the protocol of this name.
    Network(&'static str),
    /// Provided by a program (FUSE), which may do anything to get at the bytes.
    Program,
}

/// The file system that a file or folder is on; none where that cannot be told (other systems
/// than Linux, or no such file).
pub fn of(path: &Path) -> Option<FileSystem> {
    system::magic(path).map(kind)
}

/// What a magic number of `statfs(2)` stands for.
fn kind(magic: u32) -> FileSystem {
    match magic {
        0x6969 => FileSystem::Network("NFS"),
        0xff53_4d42 => FileSystem::Network("CIFS"),
        0xfe53_4d42 | 0x517b => FileSystem::Network("SMB"),
        0x0102_1997 => FileSystem::Network("9P"),
        0x00c3_6400 => FileSystem::Network("Ceph"),
        0x5346_414f | 0x6b41_4653 => FileSystem::Network("AFS"),
        0x0bd0_0bd0 => FileSystem::Network("Lustre"),
        0x0102_1994 | 0x8584_58f6 => FileSystem::Memory,
        0x6573_5546 => FileSystem::Program,
        _ => FileSystem::Disk,
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::path::Path;

    pub(super) fn magic(path: &Path) -> Option<u32> {
        u32::try_from(rustix::fs::statfs(path).ok()?.f_type & 0xffff_ffff).ok()
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::path::Path;

    pub(super) fn magic(_path: &Path) -> Option<u32> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magic_numbers_are_told_apart() {
        // As `stat -f -c %t` shows them: NFS, SMB 2 and later, tmpfs, FUSE, ext4, XFS, overlayfs.
        assert_eq!(kind(0x6969), FileSystem::Network("NFS"));
        assert_eq!(kind(0xfe53_4d42), FileSystem::Network("SMB"));
        assert_eq!(kind(0x0102_1994), FileSystem::Memory);
        assert_eq!(kind(0x6573_5546), FileSystem::Program);
        for disk in [0xef53, 0x5846_5342, 0x794c_7630] {
            assert_eq!(kind(disk), FileSystem::Disk);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_system_is_asked() {
        assert_eq!(of(Path::new("/proc/self/no such file")), None);
        assert!(of(Path::new("/")).is_some());
    }
}
