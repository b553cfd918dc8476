//! Passwords: hashing and checking them, at a cost that can be chosen.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

/// A longer password is nobody's; the bound keeps a caller from making the server work. In bytes.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// How long a check waits for its turn at most. Under full cost a core checks some thirty passwords a second, so at a launch
/// those who wait longer are better asked to come again than kept.
const TURN_PATIENCE: Duration = Duration::from_secs(5);

/// How much a password check costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PasswordCost {
    /// Argon2id with 19 MiB and two passes: what OWASP's password storage cheat sheet asks for.
    #[default]
    Full,
    /// The least Argon2id can do (8 KiB, one pass): for load runs that measure something else. Not for real passwords.
    Cheap,
}

/// A password could not be hashed; that is our bug or a lack of memory.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed: {0}")]
pub struct PasswordError(#[from] argon2::password_hash::Error);

/// Too many passwords wait to be checked; nothing was found out about this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords wait to be checked")]
pub struct PasswordsBusy;

/// Checks passwords, as many at a time as there are cores.
pub struct Passwords {
    cost: PasswordCost,
    hasher: Argon2<'static>,
    turns: Semaphore,
    /// The hash of no account's password: an unknown ID costs as much as a known one (BASE, no enumeration by time).
    nobody: Arc<str>,
}

impl Passwords {
    /// A checker of this cost.
    ///
    /// # Errors
    /// Not even one password could be hashed.
    pub fn new(cost: PasswordCost) -> Result<Self, PasswordError> {
        let params = match cost {
            PasswordCost::Full => Params::DEFAULT,
            PasswordCost::Cheap => cheapest(),
        };
        let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = hash(&hasher, "nobody's")?;
        Ok(Self { cost, hasher, turns: Semaphore::new(cores()), nobody })
    }

    /// Hashes passwords on all cores; this blocks.
    ///
    /// # Errors
    /// One of them could not be hashed.
    pub fn hash_all(&self, passwords: &[String]) -> Result<Vec<Arc<str>>, PasswordError> {
        let share = passwords.len().div_ceil(cores()).max(1);
        std::thread::scope(|scope| {
            let hash_share =
                |share: &[String]| share.iter().map(|password| hash(&self.hasher, password)).collect::<Vec<_>>();
            let threads: Vec<_> = passwords.chunks(share).map(|share| scope.spawn(move || hash_share(share))).collect();
            threads
                .into_iter()
                .flat_map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        })
    }

    /// Hashes one password; like a check it waits for its turn and holds up nobody else.
    ///
    /// # Errors
    /// No turn came within [`TURN_PATIENCE`], or there was no memory for it.
    pub async fn hash_one(&self, password: &str) -> Result<Arc<str>, PasswordsBusy> {
        let (hasher, password) = (self.hasher.clone(), password.to_owned());
        let hashed = match self.cost {
            PasswordCost::Cheap => hash(&hasher, &password),
            PasswordCost::Full => {
                let turn = tokio::time::timeout(TURN_PATIENCE, self.turns.acquire()).await;
                let Ok(Ok(_turn)) = turn else { return Err(PasswordsBusy) };
                let hashing = tokio::task::spawn_blocking(move || hash(&hasher, &password));
                hashing.await.map_err(|_| PasswordsBusy)?
            }
        };
        hashed.map_err(|error| {
            tracing::error!(%error, "a password was not hashed");
            PasswordsBusy
        })
    }

    /// Whether the password is the one of this hash; without a hash it is not, after the same time.
    ///
    /// # Errors
    /// No turn came within [`TURN_PATIENCE`], whether there was a hash or not.
    pub async fn are_right(&self, password: &str, stored: Option<Arc<str>>) -> Result<bool, PasswordsBusy> {
        let is_known = stored.is_some() && password.len() <= MAX_PASSWORD_BYTES;
        let stored = stored.unwrap_or_else(|| self.nobody.clone());
        let end = password.floor_char_boundary(MAX_PASSWORD_BYTES);
        let password = &password[..end];
        let matches = match self.cost {
            PasswordCost::Cheap => verify(&self.hasher, password, &stored),
            PasswordCost::Full => self.verify_apart(password.to_owned(), stored).await?,
        };
        Ok(matches && is_known)
    }

    /// A costly check would hold up everything else on its thread, and too many at a time would fill the memory.
    async fn verify_apart(&self, password: String, stored: Arc<str>) -> Result<bool, PasswordsBusy> {
        let turn = tokio::time::timeout(TURN_PATIENCE, self.turns.acquire()).await;
        let Ok(Ok(_turn)) = turn else { return Err(PasswordsBusy) };
        let hasher = self.hasher.clone();
        Ok(tokio::task::spawn_blocking(move || verify(&hasher, &password, &stored)).await.unwrap_or(false))
    }
}

fn cheapest() -> Params {
    let least = Params::new(Params::MIN_M_COST, Params::MIN_T_COST, Params::MIN_P_COST, None);
    least.expect("the library's own minima are valid parameters")
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn hash(hasher: &Argon2<'_>, password: &str) -> Result<Arc<str>, PasswordError> {
    let hash = hasher.hash_password(password.as_bytes())?;
    Ok(Arc::from(hash.to_string()))
}

/// Compares in constant time, with the parameters that the hash itself names.
fn verify(hasher: &Argon2<'_>, password: &str, stored: &str) -> bool {
    PasswordHash::new(stored).is_ok_and(|stored| hasher.verify_password(password.as_bytes(), &stored).is_ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_a_known_account_is_right() {
        for cost in [PasswordCost::Cheap, PasswordCost::Full] {
            let passwords = Passwords::new(cost).unwrap();
            let stored = passwords.hash_all(&["正しい password".to_owned()]).unwrap().remove(0);
            assert!(passwords.are_right("正しい password", Some(stored.clone())).await.unwrap());
            assert!(!passwords.are_right("wrong", Some(stored.clone())).await.unwrap());
            assert!(!passwords.are_right("", Some(stored)).await.unwrap());
            assert!(!passwords.are_right("nobody's", None).await.unwrap(), "the stand-in opens nothing");
        }
    }

    #[tokio::test]
    async fn an_over_long_password_is_wrong_even_if_its_beginning_is_right() {
        let passwords = Passwords::new(PasswordCost::Cheap).unwrap();
        let longest = "あ".repeat(341);
        let stored = passwords.hash_all(std::slice::from_ref(&longest)).unwrap().remove(0);
        assert!(passwords.are_right(&longest, Some(stored.clone())).await.unwrap());
        assert!(!passwords.are_right(&format!("{longest}あ"), Some(stored)).await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn who_gets_no_turn_in_time_is_told_so_with_and_without_an_account() {
        let passwords = Passwords::new(PasswordCost::Full).unwrap();
        let stored = passwords.hash_all(&["right".to_owned()]).unwrap().remove(0);
        let turns = passwords.turns.acquire_many(cores() as u32).await.unwrap();
        assert_eq!(passwords.are_right("right", Some(stored.clone())).await, Err(PasswordsBusy));
        assert_eq!(passwords.are_right("right", None).await, Err(PasswordsBusy));
        drop(turns);
        assert_eq!(passwords.are_right("right", Some(stored)).await, Ok(true));
    }

    /// BASE (no enumeration by time): without the check an unknown ID would be answered some thousand times faster, so a wide
    /// margin shows it on a busy machine too.
    #[tokio::test]
    async fn an_unknown_id_takes_the_time_of_a_known_one() {
        let passwords = Passwords::new(PasswordCost::Full).unwrap();
        let stored = passwords.hash_all(&["right".to_owned()]).unwrap().remove(0);
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for _ in 0..7 {
            for (times, stored) in [(&mut known, Some(stored.clone())), (&mut unknown, None)] {
                let start = std::time::Instant::now();
                assert_eq!(passwords.are_right("wrong", stored).await, Ok(false));
                times.push(start.elapsed());
            }
        }
        known.sort();
        unknown.sort();
        assert!(unknown[3] * 4 > known[3] && known[3] * 4 > unknown[3], "{known:?} {unknown:?}");
    }

    #[test]
    fn many_are_hashed_in_their_order_each_with_its_own_salt() {
        let passwords = Passwords::new(PasswordCost::Cheap).unwrap();
        let plain: Vec<String> = (0..9).map(|n| format!("p{}", n / 2)).collect();
        let hashes = passwords.hash_all(&plain).unwrap();
        assert!(plain.iter().zip(&hashes).all(|(plain, hash)| verify(&passwords.hasher, plain, hash)));
        assert_ne!(hashes[0], hashes[1]);
    }
}
