//! The files of a blast radius. Each is written beside its place and moved there when it is whole, so that nobody takes half
//! of one for all.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use dukou_core::names::SchemeName;

use crate::cli::replay::unwritable;
use crate::lang::Lang;
use crate::overview::Lens;
use crate::overview::blast::Voucher;
use crate::overview::blast::csv::Csv;
use crate::overview::blast::report::Report;
use crate::overview::blast::sheet::Sheet;

/// Files that are being written.
pub(super) struct Exports {
    csv: Option<(Csv<BufWriter<File>>, Part)>,
    sheet: Option<(Sheet, PathBuf)>,
}

impl Exports {
    /// Begins those that are wanted.
    ///
    /// # Errors
    /// When a file cannot be made.
    pub(super) fn begin(lens: &Lens<'_>, csv: Option<&Path>, xlsx: Option<&Path>) -> anyhow::Result<Self> {
        let csv = csv.map(|place| -> anyhow::Result<_> {
            let (part, file) = Part::new(lens.lang, place)?;
            Ok((Csv::begin(lens.lang, BufWriter::new(file))?, part))
        });
        let sheet = xlsx.map(|place| -> anyhow::Result<_> {
            // Where it cannot be written, that is said before the work, not behind it.
            drop(Part::new(lens.lang, place)?);
            Ok((Sheet::begin(lens)?, place.to_owned()))
        });
        Ok(Self {
            csv: csv.transpose()?,
            sheet: sheet.transpose()?,
        })
    }

    /// One voucher.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn add(&mut self, lens: &Lens<'_>, voucher: &Voucher) -> anyhow::Result<()> {
        if let Some((csv, _)) = &mut self.csv {
            csv.add(lens, voucher)?;
        }
        if let Some((sheet, _)) = &mut self.sheet {
            sheet.add(lens, voucher)?;
        }
        Ok(())
    }

    /// Ends them and puts them where they belong.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn finish<'a>(
        self,
        lens: &Lens<'_>,
        report: &Report,
        lens_of: &dyn Fn(&SchemeName) -> Lens<'a>,
    ) -> anyhow::Result<Vec<PathBuf>> {
        let mut saved = Vec::new();
        if let Some((csv, part)) = self.csv {
            csv.finish()?.flush()?;
            saved.push(part.placed()?);
        }
        if let Some((sheet, place)) = self.sheet {
            let bytes = sheet.finish(lens, report, lens_of)?;
            let (part, mut file) = Part::new(lens.lang, &place)?;
            file.write_all(&bytes)?;
            saved.push(part.placed()?);
        }
        Ok(saved)
    }
}

/// A file beside its place; gone if it was not finished.
struct Part {
    beside: PathBuf,
    place: PathBuf,
    placed: bool,
}

impl Part {
    fn new(lang: Lang, place: &Path) -> anyhow::Result<(Self, File)> {
        let wrong = |error: std::io::Error| unwritable(lang, place, &error);
        let name = place.file_name().filter(|_| !place.is_dir());
        let mut name = name.ok_or_else(|| wrong(ErrorKind::IsADirectory.into()))?.to_owned();
        name.push(".part");
        let beside = place.with_file_name(name);
        let file = File::create(&beside).map_err(wrong)?;
        let part = Self {
            beside,
            place: place.to_owned(),
            placed: false,
        };
        Ok((part, file))
    }

    fn placed(mut self) -> anyhow::Result<PathBuf> {
        std::fs::rename(&self.beside, &self.place).with_context(|| format!("writing {}", self.place.display()))?;
        self.placed = true;
        Ok(self.place.clone())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.placed {
            // What cannot be removed is a file that ends in `.part`: nobody takes it for the whole.
            let _ = std::fs::remove_file(&self.beside);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Failure;
    use crate::exit::Exit;

    #[test]
    fn a_place_where_no_file_can_be_is_the_persons_to_mend() {
        let folder = tempfile::tempdir().unwrap();
        let exit = |place: &Path| -> Option<Exit> {
            let error = Part::new(Lang::En, place).err()?;
            Some(error.downcast::<Failure>().unwrap().exit)
        };
        assert_eq!(exit(&folder.path().join("no-folder/x.csv")), Some(Exit::NotFound));
        assert_eq!(exit(folder.path()), Some(Exit::Usage));
        assert_eq!(exit(&folder.path().join("x.csv")), None);
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            0,
            "what was not finished is gone"
        );
    }
}
