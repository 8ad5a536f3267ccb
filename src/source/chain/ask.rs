//! The questions that a chain puts to one source after another.

use bytes::Bytes;

use crate::error::Error;
use crate::event::Answer;
use crate::net::BoxFuture;
use crate::source::{Source, Versions, ZipSink};
use crate::spec::goproxy_json::{Origin, RevInfo};
use crate::spec::module::Version;
use crate::sys::budget::Held;

/// A question that is put to one source after another.
pub(super) trait Ask<T>: Send {
    fn ask<'a>(&'a mut self, source: &'a dyn Source) -> BoxFuture<'a, Result<T, Error>>;
    /// What the answer is, and how many bytes of a file came with it.
    fn told(&self, answer: &T) -> (Answer, u64);
}

pub(super) struct AskVersions<'q> {
    pub(super) path: &'q str,
    pub(super) prefix: &'q str,
}

impl Ask<Versions> for AskVersions<'_> {
    fn ask<'a>(&'a mut self, source: &'a dyn Source) -> BoxFuture<'a, Result<Versions, Error>> {
        source.versions(self.path, self.prefix)
    }

    fn told(&self, _: &Versions) -> (Answer, u64) {
        (Answer::Other, 0)
    }
}

pub(super) struct AskInfo<'q> {
    pub(super) path: &'q str,
    pub(super) revision: &'q str,
}

impl Ask<RevInfo> for AskInfo<'_> {
    fn ask<'a>(&'a mut self, source: &'a dyn Source) -> BoxFuture<'a, Result<RevInfo, Error>> {
        source.info(self.path, self.revision)
    }

    fn told(&self, _: &RevInfo) -> (Answer, u64) {
        (Answer::Other, 0)
    }
}

pub(super) struct AskLatest<'q> {
    pub(super) path: &'q str,
}

impl Ask<RevInfo> for AskLatest<'_> {
    fn ask<'a>(&'a mut self, source: &'a dyn Source) -> BoxFuture<'a, Result<RevInfo, Error>> {
        source.latest(self.path)
    }

    fn told(&self, _: &RevInfo) -> (Answer, u64) {
        (Answer::Other, 0)
    }
}

pub(super) struct AskReuse<'q> {
    pub(super) path: &'q str,
    pub(super) old: &'q Origin,
}

impl Ask<()> for AskReuse<'_> {
    fn ask<'a>(&'a mut self, source: &'a dyn Source) -> BoxFuture<'a, Result<(), Error>> {
        source.check_reuse(self.path, self.old)
    }

    fn told(&self, _: &()) -> (Answer, u64) {
        (Answer::Other, 0)
    }
}

pub(super) struct AskGoMod<'q> {
    pub(super) module: &'q Version,
}

impl Ask<Held> for AskGoMod<'_> {
    fn ask<'a>(&'a mut self, source: &'a dyn Source) -> BoxFuture<'a, Result<Held, Error>> {
        source.go_mod(self.module)
    }

    fn told(&self, answer: &Held) -> (Answer, u64) {
        (Answer::GoMod, answer.len() as u64)
    }
}

pub(super) struct AskZip<'q> {
    pub(super) module: &'q Version,
    pub(super) sink: &'q mut dyn ZipSink,
    pub(super) bytes: u64,
}

/// Counts what goes through.
struct Counting<'a> {
    sink: &'a mut dyn ZipSink,
    bytes: &'a mut u64,
}

impl ZipSink for Counting<'_> {
    fn restart(&mut self) -> Result<(), Error> {
        *self.bytes = 0;
        self.sink.restart()
    }

    fn write(&mut self, piece: Bytes) -> Result<(), Error> {
        *self.bytes += piece.len() as u64;
        self.sink.write(piece)
    }

    fn may_be_spliced(&self) -> bool {
        self.sink.may_be_spliced()
    }

    fn spliced(&mut self) {
        self.sink.spliced();
    }
}

impl Ask<()> for AskZip<'_> {
    fn ask<'a>(&'a mut self, source: &'a dyn Source) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let mut sink = Counting { sink: self.sink, bytes: &mut self.bytes };
            sink.restart()?;
            source.zip(self.module, &mut sink).await
        })
    }

    fn told(&self, _: &()) -> (Answer, u64) {
        (Answer::Zip, self.bytes)
    }
}

pub(super) struct AskZipSize<'q> {
    pub(super) module: &'q Version,
}

impl Ask<Option<u64>> for AskZipSize<'_> {
    fn ask<'a>(&'a mut self, source: &'a dyn Source) -> BoxFuture<'a, Result<Option<u64>, Error>> {
        source.zip_size(self.module)
    }

    fn told(&self, _: &Option<u64>) -> (Answer, u64) {
        (Answer::Other, 0)
    }
}
