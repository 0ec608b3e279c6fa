//! How far something was read that is read in order, such as a mailbox.

use super::connection::{BoxWork, Connection, values};
use super::error::Result;
use super::writer::Work;
use super::{Change, Store};

impl Store {
    /// What was written last under this name.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn cursor(&self, name: &str) -> Result<Option<String>> {
        let row = self.readers.row("SELECT value FROM cursors WHERE name = ?1", values![name.to_owned()]).await?;
        row.map(|row| row.get("value")).transpose()
    }

    /// Writes down how far it was read.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn put_cursor(&self, name: &str, value: &str) -> Result<()> {
        self.writer.work(Put { name: name.to_owned(), value: value.to_owned() }).await
    }
}

struct Put {
    name: String,
    value: String,
}

impl Work for Put {
    type Answer = ();

    fn run<'a>(&'a self, on: &'a mut Connection, _: &'a mut Vec<Change>) -> BoxWork<'a, ()> {
        Box::pin(async move {
            let sql = "INSERT INTO cursors (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
            on.execute(sql, values![&self.name, &self.value]).await?;
            Ok(())
        })
    }
}
