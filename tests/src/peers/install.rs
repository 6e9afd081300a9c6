//! The packages of node and Python, once for all tests that run at a time.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Missing, programs, target_folder};

/// Written last: what it repeats is installed.
const STAMP: &str = "installed.txt";
/// How much of what a package manager says of a failure is passed on.
const COMPLAINT_MAX: usize = 400;

/// node and its `smpp`.
#[derive(Debug, Clone)]
pub struct Node {
    /// Holds `node_modules`.
    pub folder: PathBuf,
}

/// An interpreter that knows `smpplib`.
#[derive(Debug, Clone)]
pub struct Python {
    pub program: PathBuf,
}

/// What makes types of OpenAPI documents, and the compiler that checks them.
#[derive(Debug, Clone)]
pub struct TypeScript {
    /// Holds `node_modules`.
    pub folder: PathBuf,
}

/// The fuzzer of APIs that reads their OpenAPI documents.
#[derive(Debug, Clone)]
pub struct Schemathesis {
    pub program: PathBuf,
}

/// An interpreter that knows DuckDB, which reads Parquet by code of its own.
#[derive(Debug, Clone)]
pub struct DuckDb {
    pub program: PathBuf,
}

impl Node {
    const PEER: &str = "the package smpp of node";

    /// Installs it unless it is there.
    ///
    /// # Errors
    /// When there is no `node` or `npm`, or it cannot be installed.
    pub fn find() -> Result<Self, Missing> {
        let lock = programs().join("node/package-lock.json");
        let folder = installed("node", &lock, |folder| npm_ci(&programs().join("node"), folder));
        let folder = folder.map_err(|error| Missing { peer: Self::PEER, why: error.to_string() })?;
        Ok(Self { folder })
    }
}

impl Python {
    const PEER: &str = "the package smpplib of Python";

    /// Installs it unless it is there.
    ///
    /// # Errors
    /// When there is no `python3` with `venv`, or it cannot be installed.
    pub fn find() -> Result<Self, Missing> {
        let pinned = programs().join("python/requirements.txt");
        let folder = installed("python", &pinned, |folder| {
            run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
            let quiet = ["install", "--quiet", "--disable-pip-version-check", "--no-deps"];
            let pip = folder.join("bin/pip");
            run(Command::new(pip).args(quiet).args(["--require-hashes", "--requirement"]).arg(&pinned))
        });
        let folder = folder.map_err(|error| Missing { peer: Self::PEER, why: error.to_string() })?;
        Ok(Self { program: folder.join("bin/python") })
    }
}

impl TypeScript {
    const PEER: &str = "the packages of clients/typescript";

    /// Installs them unless they are there.
    ///
    /// # Errors
    /// When there is no `node` or `npm`, or they cannot be installed.
    pub fn find() -> Result<Self, Missing> {
        let client = Path::new(env!("CARGO_MANIFEST_DIR")).join("../clients/typescript");
        let lock = client.join("package-lock.json");
        let folder = installed("typescript", &lock, |folder| npm_ci(&client, folder));
        let folder = folder.map_err(|error| Missing { peer: Self::PEER, why: error.to_string() })?;
        Ok(Self { folder })
    }

    /// A script of one of the packages.
    pub fn program(&self, path: &str) -> PathBuf {
        self.folder.join("node_modules").join(path)
    }
}

impl Schemathesis {
    const PEER: &str = "schemathesis of Python";

    /// Installs it unless it is there.
    ///
    /// # Errors
    /// When there is no `python3` with `venv`, or it cannot be installed.
    pub fn find() -> Result<Self, Missing> {
        let pinned = programs().join("schemathesis/requirements.txt");
        let folder = installed("schemathesis", &pinned, |folder| {
            run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
            // Without hashes: some of its packages are another file on each kind of machine.
            let quiet = ["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"];
            run(Command::new(folder.join("bin/pip")).args(quiet).arg(&pinned))
        });
        let folder = folder.map_err(|error| Missing { peer: Self::PEER, why: error.to_string() })?;
        Ok(Self { program: folder.join("bin/schemathesis") })
    }
}

impl DuckDb {
    const PEER: &str = "duckdb of Python";

    /// Installs it unless it is there.
    ///
    /// # Errors
    /// When there is no `python3` with `venv`, or it cannot be installed.
    pub fn find() -> Result<Self, Missing> {
        let pinned = programs().join("duckdb/requirements.txt");
        let folder = installed("duckdb", &pinned, |folder| {
            run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
            // Without hashes: it is another file on each kind of machine.
            let quiet = ["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"];
            run(Command::new(folder.join("bin/pip")).args(quiet).arg(&pinned))
        });
        let folder = folder.map_err(|error| Missing { peer: Self::PEER, why: error.to_string() })?;
        Ok(Self { program: folder.join("bin/python") })
    }

    /// Runs a script of `tests/interop/duckdb` with this argument.
    pub fn command(&self, script: &str, argument: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(programs().join("duckdb").join(script)).arg(argument);
        command
    }
}

/// The folder of a peer in which is installed what the file names.
fn installed(
    name: &str,
    pinned: &Path,
    install: impl FnOnce(&Path) -> io::Result<()>,
) -> io::Result<PathBuf> {
    let folder = target_folder().join("peers").join(name);
    fs::create_dir_all(&folder)?;
    let one_at_a_time = File::create(folder.with_extension("lock"))?;
    one_at_a_time.lock()?;
    let wanted = fs::read(pinned)?;
    let stamp = folder.join(STAMP);
    if fs::read(&stamp).ok().as_ref() != Some(&wanted) {
        install(&folder)?;
        fs::write(&stamp, wanted)?;
    }
    Ok(folder)
}

/// Installs what the lock file of `package` names.
fn npm_ci(package: &Path, folder: &Path) -> io::Result<()> {
    run(Command::new("node").arg("--version"))?;
    for name in ["package.json", "package-lock.json"] {
        fs::copy(package.join(name), folder.join(name))?;
    }
    let quiet = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    run(Command::new("npm").args(quiet).current_dir(folder))
}

fn run(command: &mut Command) -> io::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| io::Error::other(format!("{name}: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let complaint: String = String::from_utf8_lossy(&output.stderr).chars().take(COMPLAINT_MAX).collect();
    Err(io::Error::other(format!("{name} ended with {}: {complaint}", output.status)))
}
