//! Will a binary start on Lambda? Only the C library's version can stand in the way.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

/// What `provided.al2023` has.
const LAMBDA_GLIBC_MINOR: u32 = 34;

const VERSION_PREFIX: &[u8] = b"GLIBC_2.";

/// Errors when the binary names a newer glibc than Lambda has; a static binary names none.
pub fn check_runs_on_lambda(binary: &Path) -> Result<()> {
    let needed = newest_glibc_minor(&fs::read(binary)?);
    if LAMBDA_GLIBC_MINOR < needed {
        bail!(
            "{} needs glibc 2.{needed}, provided.al2023 has 2.{LAMBDA_GLIBC_MINOR}: build on Debian 12 or in an \
             Amazon Linux 2023 container, or pass a musl target with --target (infra/DEPLOY.md)",
            binary.display(),
        );
    }
    Ok(())
}

/// The version names stand as plain text in the binary's table of needed symbols.
fn newest_glibc_minor(bytes: &[u8]) -> u32 {
    bytes
        .windows(VERSION_PREFIX.len() + 2)
        .filter_map(|window| window.strip_prefix(VERSION_PREFIX))
        .filter_map(|digits| {
            let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
            std::str::from_utf8(&digits[..length]).ok()?.parse().ok()
        })
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::newest_glibc_minor;

    #[test]
    fn the_newest_needed_version_counts() {
        assert_eq!(newest_glibc_minor(b"..GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.17\0"), 34);
    }

    #[test]
    fn a_static_binary_needs_no_version() {
        assert_eq!(newest_glibc_minor(b"\x7fELF nothing here"), 0);
    }
}
