//! What must be there: a small file that says what the hot tier holds and which manifest is the
//! newest, replaced whole by an atomic rename. FORMAT.md section 3.2 has the bytes.
//!
//! RocksDB's recovery gives the last state that it can load, and says nothing of what it left out. So
//! the store keeps this account, and holds what an opening finds against it. It is written whenever
//! the manifest is, and when the store is closed.

use super::manifest::{Identity, Manifest};
use crate::codec::{WireReader, WireWriter};
use crate::hot::{Holdings, Noted, Position};
use crate::io::{Storage, read_small, replace};
use crate::model::{Error, ErrorKind, RESTORE_STORE, Result};

pub(crate) const FILE: &str = "ACCOUNT";
pub(in crate::store) const NEW_FILE: &str = "ACCOUNT.new";
const MAGIC: [u8; 8] = *b"ANNALSAC";
pub(in crate::store) const VERSION: u32 = 2;

/// The account of a store.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Account {
    pub(crate) identity: Identity,
    /// The edit of the newest manifest.
    pub(crate) edit: u64,
    /// Rows of the hot tier.
    pub(crate) holdings: Holdings,
    /// Files of the hot tier.
    pub(crate) noted: Noted,
}

impl Account {
    /// The account of a store with this manifest, whose hot tier holds this.
    pub(crate) fn new(
        manifest: &Manifest,
        (holdings, position): (Holdings, Position),
        closed: bool,
    ) -> Self {
        Self {
            identity: manifest.identity,
            edit: manifest.edit,
            holdings,
            noted: Noted { position, closed },
        }
    }

    fn encode(&self) -> Vec<u8> {
        let mut wire = WireWriter::new();
        self.identity.write(&mut wire);
        wire.varint(self.edit);
        wire.u8(u8::from(self.noted.closed));
        self.holdings.write(&mut wire);
        self.noted.position.write(&mut wire);
        super::small_file::encode(MAGIC, VERSION, &wire.finish())
    }

    /// Reads the bytes of the file.
    ///
    /// # Errors
    /// `Corruption` when they are damaged, `Unsupported` when another version wrote them.
    pub(crate) fn decode(file: &[u8]) -> Result<Self> {
        let (_, body) = super::small_file::decode(FILE, MAGIC, VERSION..=VERSION, file)?;
        Self::decode_body(body).map_err(|error| error.within(FILE))
    }

    fn decode_body(body: &[u8]) -> Result<Self> {
        let mut wire = WireReader::new(body);
        let account = Self {
            identity: Identity::read(&mut wire)?,
            edit: wire.varint()?,
            noted: Noted {
                closed: match wire.u8()? {
                    0 => false,
                    1 => true,
                    other => return Err(Error::corrupt(format!("a flag of {other}"))),
                },
                position: Position::default(),
            },
            holdings: Holdings::read(&mut wire)?,
        };
        let position = Position::read(&mut wire)?;
        if !wire.is_empty() {
            return Err(Error::corrupt("bytes behind its end"));
        }
        let closed = account.noted.closed;
        Ok(Self {
            noted: Noted { position, closed },
            ..account
        })
    }

    /// Reads the account of a store, and holds its manifest against it.
    ///
    /// # Errors
    /// `Corruption` when it is missing or damaged, is another store's, or one of the two is of an
    /// earlier state than the other; `Unsupported`; `Io`.
    pub(crate) fn read(storage: &dyn Storage, manifest: &Manifest) -> Result<Self> {
        let file = read_small(storage, FILE).map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                Error::corrupt(format!("{FILE}: the file is missing; {RESTORE_STORE}"))
                    .caused_by(error)
            }
            _ => error,
        })?;
        let account = Self::decode(&file)?;
        account.check(manifest)?;
        Ok(account)
    }

    fn check(&self, manifest: &Manifest) -> Result<()> {
        if self.identity != manifest.identity {
            return Err(Error::corrupt(format!(
                "{FILE}: it is of the store {}, and the manifest of {}, so that one of them came from \
                 elsewhere; put that one back, or {RESTORE_STORE}",
                self.identity, manifest.identity
            )));
        }
        if self.edit > manifest.edit {
            return Err(Error::corrupt(format!(
                "{}: it is of edit {}, but edit {} was published; it was put back from an earlier \
                 state; {RESTORE_STORE}",
                super::manifest::FILE,
                manifest.edit,
                self.edit
            )));
        }
        // The account follows the manifest: a crash in between leaves it one edit behind.
        if manifest.edit - self.edit > 1 {
            return Err(Error::corrupt(format!(
                "{FILE}: it is of edit {}, but the manifest of edit {}; it was put back from an \
                 earlier state; {RESTORE_STORE}",
                self.edit, manifest.edit
            )));
        }
        Ok(())
    }

    /// Replaces the account atomically and durably.
    pub(crate) fn write(&self, storage: &dyn Storage) -> Result<()> {
        replace(storage, FILE, NEW_FILE, &self.encode())
    }
}
