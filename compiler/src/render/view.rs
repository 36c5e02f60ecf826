//! Views and materialized views.

use pgseal_catalog::facts::{Expression, MaterializedView, MaterializedViewColumn, View};
use pgseal_catalog::{FactId, Name, QualifiedName};

use super::column::storage_word;
use super::{Renderer, Sql, option_list, with_options};
use crate::elaborate::{Part, Written};

impl Renderer<'_> {
    /// `CREATE VIEW`; with `replace`, `CREATE OR REPLACE VIEW`.
    #[must_use]
    pub fn create_view(&self, name: &QualifiedName, view: &View, replace: bool) -> Sql {
        let id = FactId::View(name.clone());
        let replace = if replace { "OR REPLACE " } else { "" };
        let mut draft = self.draft(format!("CREATE {replace}VIEW {}", self.qualified(name)));
        if let Some(columns) = self.model.written(&id, Part::ViewColumns).and_then(Written::sql) {
            draft.push(format!(" {columns}"));
        }
        draft.push(with_options(&view.options)).push(" AS\n").expression(&id, Part::Query, &view.query);
        draft.done()
    }

    /// `ALTER VIEW … ALTER COLUMN … SET DEFAULT`, or `DROP DEFAULT`.
    #[must_use]
    pub fn set_view_default(&self, view: &QualifiedName, at: u16, column: &Name, default: Option<&Expression>) -> Sql {
        let mut draft = self.draft(format!("ALTER VIEW {} ALTER COLUMN {} ", self.qualified(view), self.name(column)));
        match default {
            Some(text) => {
                draft.push("SET DEFAULT ").expression(&FactId::View(view.clone()), Part::ViewDefault(at), text);
            }
            None => {
                draft.push("DROP DEFAULT");
            }
        }
        draft.done()
    }

    /// `CREATE MATERIALIZED VIEW`, filled at once.
    #[must_use]
    pub fn create_materialized_view(&self, name: &QualifiedName, view: &MaterializedView) -> Sql {
        let id = FactId::MaterializedView(name.clone());
        let mut draft = self.draft(format!("CREATE MATERIALIZED VIEW {}", self.qualified(name)));
        if let Some(columns) = self.model.written(&id, Part::ViewColumns).and_then(Written::sql) {
            draft.push(format!(" {columns}"));
        }
        if let Some(method) = &view.access_method {
            draft.push(format!(" USING {}", self.name(method)));
        }
        draft.push(with_options(&view.options));
        if let Some(tablespace) = &view.tablespace {
            draft.push(format!(" TABLESPACE {}", self.name(tablespace)));
        }
        draft.push(" AS\n").expression(&id, Part::Query, &view.query);
        draft.done()
    }

    /// The statements that change what a column of a materialized view has besides its type.
    #[must_use]
    pub fn alter_materialized_column(
        &self,
        view: &QualifiedName,
        from: Option<&MaterializedViewColumn>,
        to: &MaterializedViewColumn,
    ) -> Vec<Sql> {
        let column = format!("ALTER MATERIALIZED VIEW {} ALTER COLUMN {}", self.qualified(view), self.name(&to.name));
        let mut out = Vec::new();
        if from.and_then(|c| c.statistics) != to.statistics {
            out.push(self.plain(format!("{column} SET STATISTICS {}", to.statistics.unwrap_or(-1))));
        }
        if from.and_then(|c| c.storage) != to.storage {
            let word = to.storage.map_or("DEFAULT", storage_word);
            out.push(self.plain(format!("{column} SET STORAGE {word}")));
        }
        if from.and_then(|c| c.compression.as_ref()) != to.compression.as_ref() {
            let word = to.compression.as_ref().map_or_else(|| "default".to_owned(), |c| self.name(c));
            out.push(self.plain(format!("{column} SET COMPRESSION {word}")));
        }
        let none = std::collections::BTreeMap::new();
        let before = from.map_or(&none, |c| &c.options);
        let gone: Vec<&str> = before.keys().filter(|k| !to.options.contains_key(*k)).map(String::as_str).collect();
        if !gone.is_empty() {
            out.push(self.plain(format!("{column} RESET ({})", gone.join(", "))));
        }
        if !to.options.is_empty() && *before != to.options {
            out.push(self.plain(format!("{column} SET ({})", option_list(&to.options))));
        }
        out
    }
}
