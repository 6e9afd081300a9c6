//! Where things lie: the checkout, cargo's target directory, and the state of one local stack.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

pub struct Paths {
    pub root: PathBuf,
    pub target: PathBuf,
    pub state: PathBuf,
}

impl Paths {
    /// `state_dir` stands for `<target>/local` when not given.
    pub fn find(state_dir: Option<PathBuf>) -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
        let target = target_dir(&root)?;
        let state = state_dir.unwrap_or_else(|| target.join("local"));
        Ok(Self { root, target, state: std::path::absolute(state)? })
    }

    pub fn template(&self) -> PathBuf {
        self.root.join("infra/template.yaml")
    }

    /// Of this launcher: the emulator's script and requirements.
    pub fn own(&self, name: &str) -> PathBuf {
        self.root.join("infra/local").join(name)
    }

    /// The binary that `cargo build` made.
    pub fn binary(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name)
    }

    /// What the emulator keeps between runs; `--fresh` deletes it.
    pub fn data(&self) -> PathBuf {
        self.state.join("data")
    }

    pub fn logs(&self) -> PathBuf {
        self.state.join("logs")
    }

    /// Where the mails are that the platform has sent.
    pub fn mail(&self) -> PathBuf {
        self.state.join("mail")
    }

    pub fn stack_file(&self) -> PathBuf {
        self.state.join("stack.json")
    }

    pub fn make_folders(&self) -> Result<()> {
        for folder in [self.data(), self.data().join("temporary"), self.logs(), self.mail()] {
            fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        Ok(())
    }
}

/// Cargo's own answer, because the environment, a configuration file or a flag may have moved it.
fn target_dir(root: &Path) -> Result<PathBuf> {
    let answer = Command::new("cargo")
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root)
        .output()
        .context("cannot run cargo")?;
    if !answer.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&answer.stderr));
    }
    let metadata: Value = serde_json::from_slice(&answer.stdout)?;
    let target = metadata["target_directory"].as_str().context("cargo names no target directory")?;
    Ok(target.into())
}
