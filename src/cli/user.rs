//! `daak user`: people who sign in.

use super::{Place, say};
use crate::access::{Account, Role};
use crate::config::Config;
use crate::masters::Masters;
use anyhow::Context;
use clap::{Args, Subcommand};
use daak_domain::Timestamp;
use daak_domain::phone::PhoneNumber;
use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;

/// Arguments of `daak user`.
#[derive(Debug, Args)]
pub struct User {
    #[command(subcommand)]
    act: UserAct,
}

#[derive(Debug, Subcommand)]
enum UserAct {
    /// Add a person
    Add(Add),
    /// List everybody
    List,
    /// Let somebody sign in no more
    Disable {
        /// Sign-in name
        name: String,
    },
}

#[derive(Debug, Args)]
struct Add {
    /// Sign-in name
    name: String,
    /// agent, supervisor, processor, officer, field, analyst, auditor, admin, integration
    #[arg(long)]
    role: Role,
    /// Telephone number, E.164
    #[arg(long, value_name = "E164")]
    phone: PhoneNumber,
    /// Department of an officer, by code; without one every department's tickets are seen
    #[arg(long, value_name = "CODE")]
    department: Option<String>,
    /// Office of an officer, by code: its tickets and those of all offices below are seen
    #[arg(long, value_name = "CODE")]
    office: Option<String>,
    /// District to which the person is bound, by LGD code
    #[arg(long, value_name = "CODE")]
    district: Option<String>,
    /// Read the password from standard input instead of making one
    #[arg(long)]
    password_stdin: bool,
}

impl User {
    /// Adds, lists or disables.
    ///
    /// # Errors
    /// A sentence for whoever typed it.
    pub async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let config = place.config()?;
        let access = place.access(&config).await?;
        match self.act {
            UserAct::Add(add) => {
                let (password, made) = add.password()?;
                let Add { name, role, phone, department, office, district, .. } = add;
                check_places(&config, office.as_deref(), district.as_deref())?;
                let account = Account { name: name.clone(), role, department, office, district, phone: Some(phone), disabled: false };
                access.add(account, password.clone(), Timestamp::now()).await?;
                say(&format!("{name} may sign in as {role}"));
                if made {
                    say(&format!("password: {password}"));
                }
            }
            UserAct::List => {
                for account in access.accounts().await? {
                    let department = account.office.or(account.department).unwrap_or_else(|| "-".into());
                    let phone = account.phone.map_or_else(|| "-".into(), |phone| phone.to_string());
                    let disabled = if account.disabled { "  disabled" } else { "" };
                    say(&format!("{:<20} {:<12} {department:<8} {phone}{disabled}", account.name, account.role.as_str()));
                }
            }
            UserAct::Disable { name } => {
                access.disable(&name).await?;
                say(&format!("{name} may sign in no more"));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Whoever is bound to what does not exist would see nothing.
fn check_places(config: &Config, office: Option<&str>, district: Option<&str>) -> anyhow::Result<()> {
    if office.is_none() && district.is_none() {
        return Ok(());
    }
    let masters = Masters::load(&config.data.folder)?;
    if let Some(code) = office.filter(|code| masters.offices.on(code, masters.day(Timestamp::now())).is_none()) {
        anyhow::bail!("there is no office {code:?} today: see offices.csv, or use DM-305 for a district, BDO-2723 for a block");
    }
    match district.filter(|code| !masters.places.districts.contains_key(*code)) {
        Some(code) => anyhow::bail!("there is no district {code:?}: use an LGD code of districts.csv"),
        None => Ok(()),
    }
}

impl Add {
    /// The password, and whether it was made here.
    fn password(&self) -> anyhow::Result<(String, bool)> {
        if !self.password_stdin {
            return Ok((made_password(), true));
        }
        let stdin = std::io::stdin();
        if stdin.is_terminal() {
            eprintln!("Password (one line):");
        }
        let mut line = String::new();
        stdin.lock().read_line(&mut line).context("the password cannot be read from standard input")?;
        let password = line.trim_end_matches(['\r', '\n']).to_owned();
        crate::access::password::check_form(&password)?;
        Ok((password, false))
    }
}

/// 100 random bits in letters that cannot be mistaken for others, in groups.
fn made_password() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let random = rand::random::<[u8; 20]>();
    let groups = random.chunks(5).map(|group| group.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect::<String>());
    groups.collect::<Vec<_>>().join("-")
}
