//! Kannel: a bearerbox bound to an SMS centre, and a smsbox that takes messages over HTTP.
//!
//! What comes back to it, receipts and messages from phones, it posts to a web server of ours.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path as Segment, Query, State};
use axum::routing::get;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::{Missing, target_folder};

const PEER: &str = "Kannel";
/// Far more than it takes to start and to answer.
const SOON: Duration = Duration::from_secs(20);
/// Between two looks at whether it is ready, which it tells nobody.
const LOOK_EVERY: Duration = Duration::from_millis(25);
const USERNAME: &str = "sender";
const PASSWORD: &str = "secret";
/// All there is: delivered, failed, queued, taken by the centre, refused by it.
pub const ALL_REPORTS: u8 = 31;

/// How it binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindKind {
    Transceiver,
    /// One bind to send over and one to receive over.
    Apart,
}

/// The SMS centre that it binds to.
#[derive(Debug, Clone)]
pub struct Smsc {
    pub address: SocketAddr,
    pub system_id: String,
    pub password: String,
    pub binds: BindKind,
    /// 0x34 or 0x50.
    pub version: u8,
    pub window: u32,
}

/// A running Kannel; dropped, it is killed. With a test that fails, what it logged is shown.
pub struct Kannel {
    processes: Vec<Child>,
    folder: PathBuf,
    web: JoinHandle<()>,
    posted: mpsc::UnboundedReceiver<Posted>,
    web_port: u16,
    ports: Ports,
    client: reqwest::Client,
}

type Fields = BTreeMap<String, String>;
/// The path's last segment, and the query.
type Posted = (String, Fields);

#[derive(Debug, Clone, Copy)]
struct Ports {
    admin: u16,
    boxes: u16,
    send: u16,
}

/// What its HTTP interface says of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub status: u16,
    pub body: String,
}

impl Kannel {
    /// Starts it; it tries to bind at once and again each second.
    ///
    /// # Errors
    /// When it is not installed.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn start(smsc: &Smsc) -> Result<Self, Missing> {
        let (bearerbox, smsbox) = (program("bearerbox")?, program("smsbox")?);
        let (web_port, web, posted) = web_server().await;
        let ports = Ports::free();
        let folder = fresh_folder().expect("a folder can be made");
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let file = folder.join("kannel.conf");
        std::fs::write(&file, settings(smsc, ports, web_port, &folder)).expect("can be written");
        let bearer = spawn(&bearerbox, &file);
        let listening = async || TcpStream::connect((Ipv4Addr::LOCALHOST, ports.boxes)).await.is_ok();
        until("Kannel's bearerbox", listening).await;
        let sms = spawn(&smsbox, &file);
        let listening = async || TcpStream::connect((Ipv4Addr::LOCALHOST, ports.send)).await.is_ok();
        until("Kannel's smsbox", listening).await;
        Ok(Self { processes: vec![bearer, sms], folder, web, posted, web_port, ports, client })
    }

    /// Waits until all its binds are up and its boxes know each other.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn until_bound(&self) {
        until("Kannel's binds", async || {
            let status = self.status().await;
            let is_up = |line: &str| line.contains("(online");
            let links: Vec<_> = status.lines().filter(|line| line.contains("SMPP:")).collect();
            !links.is_empty()
                && links.into_iter().all(is_up)
                && status.lines().any(|line| line.contains("smsbox:"))
        })
        .await;
    }

    /// Of its two programs.
    pub fn process_ids(&self) -> Vec<u32> {
        self.processes.iter().filter_map(Child::id).collect()
    }

    /// Its status page.
    pub async fn status(&self) -> String {
        let url = format!("http://127.0.0.1:{}/status.txt?password={PASSWORD}", self.ports.admin);
        match self.client.get(url).send().await {
            Ok(answer) => answer.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// What its bearerbox has logged, every PDU among it.
    pub fn log(&self) -> String {
        self.log_of("bearerbox")
    }

    fn log_of(&self, program: &str) -> String {
        std::fs::read_to_string(self.folder.join(program).with_extension("log")).unwrap_or_default()
    }

    /// Waits until its bearerbox has logged this.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn until_logged(&self, words: &str) {
        until(words, async || self.log().contains(words)).await;
    }

    /// The page that takes a message, with all reports asked for that `mask` names.
    pub fn send_url(&self, from: &str, to: &str, text: &str, mask: u8) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("username", USERNAME).append_pair("password", PASSWORD);
        query.append_pair("from", from).append_pair("to", to).append_pair("text", text);
        query.append_pair("charset", "UTF-8");
        if !text.is_ascii() {
            query.append_pair("coding", "2");
        }
        if mask != 0 {
            let url = format!("http://127.0.0.1:{}/report?to={to}&kind=%d&said=%A", self.web_port);
            query.append_pair("dlr-mask", &mask.to_string()).append_pair("dlr-url", &url);
        }
        format!("http://127.0.0.1:{}/cgi-bin/sendsms?{}", self.ports.send, query.finish())
    }

    /// Sends a message.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn send(&self, from: &str, to: &str, text: &str) -> Sent {
        let answer = self.client.get(self.send_url(from, to, text, ALL_REPORTS)).send().await;
        let answer = answer.expect("Kannel answers");
        let status = answer.status().as_u16();
        Sent { status, body: answer.text().await.unwrap_or_default() }
    }

    /// The next report on a message, or message from a phone (`report`, `incoming`).
    ///
    /// # Panics
    /// When none comes.
    pub async fn next_posted(&mut self) -> (String, BTreeMap<String, String>) {
        let posted = timeout(SOON, self.posted.recv()).await;
        posted.expect("Kannel posts it in time").expect("is served")
    }

    /// The kinds of the next reports up to the last one, which is 1 (delivered), 2 (failed) or 16
    /// (refused).
    pub async fn reports(&mut self) -> Vec<String> {
        let mut kinds = Vec::new();
        loop {
            let (what, fields) = self.next_posted().await;
            assert_eq!(what, "report");
            let kind = fields.get("kind").cloned().unwrap_or_default();
            let is_last = ["1", "2", "16"].contains(&kind.as_str());
            kinds.push(kind);
            if is_last {
                return kinds;
            }
        }
    }
}

impl Drop for Kannel {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("Kannel's logs:\n{}\n{}", self.log(), self.log_of("smsbox"));
        }
        self.web.abort();
        let _ = std::fs::remove_dir_all(&self.folder); // it lies in the target folder
    }
}

impl Ports {
    fn free() -> Self {
        Self { admin: free_port(), boxes: free_port(), send: free_port() }
    }
}

/// Kannel takes no port of the system's choice. Those below the range from which outgoing connections
/// get theirs stay free until it listens, and a look at whether it does cannot connect to itself.
pub fn free_port() -> u16 {
    const FIRST: u32 = 20_000;
    const COUNT: u32 = 12_000;
    static LAST: AtomicU32 = AtomicU32::new(0);
    let mine = std::process::id().wrapping_mul(97);
    loop {
        let number = LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(mine);
        let port = u16::try_from(FIRST + number % COUNT).unwrap_or_default();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// Debian has it where users do not look.
fn program(name: &str) -> Result<PathBuf, Missing> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let found = folders.map(|folder| folder.join(name)).find(|program| program.is_file());
    found.ok_or_else(|| Missing {
        peer: PEER,
        why: format!("no {name}; on Debian: apt-get install --no-install-recommends kannel"),
    })
}

fn fresh_folder() -> io::Result<PathBuf> {
    static LAST: AtomicU32 = AtomicU32::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    let folder = target_folder().join(format!("peers/kannel/{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn spawn(program: &Path, settings: &Path) -> Child {
    let mut command = Command::new(program);
    command.arg("-v").arg("4").arg(settings).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("Kannel starts")
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waited = async {
        while !is_so().await {
            sleep(LOOK_EVERY).await;
        }
    };
    timeout(SOON, waited).await.unwrap_or_else(|_| panic!("waited in vain for {what}"));
}

/// Passes on what Kannel gets, `/report?…` and `/incoming?…`.
async fn web_server() -> (u16, JoinHandle<()>, mpsc::UnboundedReceiver<Posted>) {
    async fn take(
        State(sender): State<mpsc::UnboundedSender<Posted>>,
        Segment(what): Segment<String>,
        Query(fields): Query<Fields>,
    ) {
        let _ = sender.send((what, fields)); // the test has ended
    }
    let (sender, posted) = mpsc::unbounded_channel();
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
    let port = listener.local_addr().expect("has an address").port();
    let router = Router::new().route("/{what}", get(take)).with_state(sender);
    let web = tokio::spawn(async move {
        let _ = axum::serve(listener, router).await; // ends with the test
    });
    (port, web, posted)
}

fn settings(smsc: &Smsc, ports: Ports, web_port: u16, folder: &Path) -> String {
    let Ports { admin, boxes, send } = ports;
    let log = folder.display();
    let version = format!("{:x}", smsc.version);
    let port = smsc.address.port();
    let link = |port_line: &str| {
        format!(
            "group = smsc\nsmsc = smpp\nsmsc-id = one\nhost = 127.0.0.1\n{port_line}\n\
             smsc-username = {}\nsmsc-password = {}\nsystem-type = waybill\n\
             interface-version = {version}\nmax-pending-submits = {}\nreconnect-delay = 1\n\
             source-addr-ton = 5\nsource-addr-npi = 0\ndest-addr-ton = 1\ndest-addr-npi = 1\n\n",
            smsc.system_id, smsc.password, smsc.window,
        )
    };
    let links = match smsc.binds {
        BindKind::Transceiver => link(&format!("port = {port}\ntransceiver-mode = true")),
        BindKind::Apart => link(&format!("port = {port}")) + &link(&format!("receive-port = {port}")),
    };
    format!(
        "group = core\nadmin-port = {admin}\nadmin-password = {PASSWORD}\nsmsbox-port = {boxes}\n\
         box-allow-ip = \"127.0.0.1\"\nlog-file = \"{log}/bearerbox.log\"\nlog-level = 0\n\
         dlr-storage = internal\n\n{links}\
         group = smsbox\nbearerbox-host = 127.0.0.1\nsendsms-port = {send}\n\
         log-file = \"{log}/smsbox.log\"\nlog-level = 1\n\n\
         group = sendsms-user\nusername = {USERNAME}\npassword = {PASSWORD}\nmax-messages = 10\n\
         concatenation = true\n\n\
         group = sms-service\nkeyword = default\ncatch-all = true\nmax-messages = 0\n\
         get-url = \"http://127.0.0.1:{web_port}/incoming?from=%p&to=%P&text=%a\"\n"
    )
}
