//! Where input comes from and output goes to.

use weir_model::act::{Extent, WriteHow};

use super::super::syntax::{How, Redirect};
use super::{Stream, Walk};

impl Walk<'_> {
    /// Where input comes from and output goes to.
    pub(super) fn redirects(
        &mut self,
        redirects: &[Redirect],
        stdin: &Stream,
    ) -> (Stream, Option<Vec<String>>) {
        let (mut input, mut targets) = (stdin.clone(), None);
        for redirect in redirects {
            let fields = match &redirect.body {
                Some(body) => {
                    let body = body.get().cloned().unwrap_or_default();
                    vec![self.text(&body)]
                }
                None if redirect.how == How::Text => vec![self.text(&redirect.target) + "\n"],
                None => self.fields(std::slice::from_ref(&redirect.target)),
            };
            for field in fields {
                match redirect.how {
                    How::Text | How::Body => input = Stream::Text(field),
                    How::Read => {
                        input = self.file(&field);
                        self.input = Some(field.clone());
                        self.redirected(&field, false);
                    }
                    How::Both => {
                        self.redirected(&field, false);
                        self.redirected(&field, true);
                    }
                    How::Copy
                        if field.trim_end_matches('-').bytes().all(|b| b.is_ascii_digit()) => {}
                    How::Copy | How::Write => {
                        self.redirected(&field, true);
                        if redirect.descriptor.is_none_or(|number| number == 1) {
                            targets = Some(self.paths(&field));
                        }
                    }
                }
            }
        }
        (input, targets)
    }

    fn redirected(&mut self, field: &str, writes: bool) {
        let net = field.strip_prefix("/dev/tcp/").or_else(|| field.strip_prefix("/dev/udp/"));
        match net {
            Some(address) => self.sends(address.split('/').next().unwrap_or("*"), true),
            None if writes => self.writes(field, WriteHow::Change, Extent::One),
            None => self.reads(field, Extent::One),
        }
    }

    /// What a file holds, when this command wrote it.
    pub(in crate::shell) fn file(&mut self, field: &str) -> Stream {
        let paths = self.paths(field);
        match paths.first().and_then(|path| self.state.texts.get(path)) {
            Some(Some(text)) => Stream::Text(text.to_string()),
            Some(None) | None => Stream::Unknown,
        }
    }
}
