//! Who issued a certificate that was refused, for the hint that follows.
//!
//! The certificate is checked as always, by webpki; only its refusal is told with more words: "signed by
//! unknown authority" helps nobody who isn't told whose authority it is. The name is read from the
//! DER encoding of the certificate ([RFC 5280, 4.1](https://www.rfc-editor.org/rfc/rfc5280#section-4.1)) as
//! far as is needed: `Certificate { TBSCertificate { version, serial, algorithm, issuer, … } … }`.

use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};

/// The most characters of a name that are shown.
const MAX_NAME: usize = 100;

/// A refusal, and who issued the certificate.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{reason:?}")]
pub struct Refusal {
    /// Why it was refused.
    pub reason: CertificateError,
    /// Whose signature it bears, if that can be read; fit to be shown.
    pub issuer: Option<String>,
}

/// webpki's verifier, whose refusals name the issuer.
pub struct NamingVerifier {
    provider: Arc<CryptoProvider>,
    /// Nothing where no authority is trusted at all.
    inner: Option<Arc<WebPkiServerVerifier>>,
}

impl NamingVerifier {
    /// A verifier that trusts these authorities.
    pub fn new(roots: RootCertStore, provider: Arc<CryptoProvider>) -> NamingVerifier {
        let builder =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        NamingVerifier { provider, inner: builder.build().ok() }
    }
}

impl fmt::Debug for NamingVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NamingVerifier")
    }
}

impl ServerCertVerifier for NamingVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verdict = match &self.inner {
            Some(inner) => {
                inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            }
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        verdict.map_err(|err| match err {
            rustls::Error::InvalidCertificate(reason) => {
                // The last one of the chain tells most: it is the authority that is not known.
                let last = intermediates.last().unwrap_or(end_entity);
                let refusal = Refusal { reason, issuer: issuer(last) };
                let other = OtherError(Arc::new(refusal));
                rustls::Error::InvalidCertificate(CertificateError::Other(other))
            }
            err => err,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The issuer of a certificate in DER: its common name, else its organisation.
pub fn issuer(certificate: &[u8]) -> Option<String> {
    const SEQUENCE: u8 = 0x30;
    const SET: u8 = 0x31;
    const VERSION: u8 = 0xa0;
    let inside = |data, tag| element(data).filter(|found| found.tag == tag);
    let certificate = inside(certificate, SEQUENCE)?.content;
    let mut rest = inside(certificate, SEQUENCE)?.content;
    if let Some(version) = inside(rest, VERSION) {
        rest = version.rest;
    }
    for _serial_and_algorithm in 0..2 {
        rest = element(rest)?.rest;
    }
    let mut parts = inside(rest, SEQUENCE)?.content;
    let mut organisation = None;
    while let Some(part) = inside(parts, SET) {
        parts = part.rest;
        let pair = inside(part.content, SEQUENCE)?.content;
        let kind = element(pair)?;
        let value = element(kind.rest)?;
        let text = || shown(value.tag, value.content);
        match kind.content {
            // 2.5.4.3 and 2.5.4.10
            [0x55, 4, 3] => return text(),
            [0x55, 4, 10] => organisation = text(),
            _ => {}
        }
    }
    organisation
}

/// One element of DER, and what follows it.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    rest: &'a [u8],
}

fn element(data: &[u8]) -> Option<Element<'_>> {
    let (&tag, rest) = data.split_first()?;
    let (&short, mut rest) = rest.split_first()?;
    let length = match short {
        0..=0x7f => usize::from(short),
        0x81..=0x84 => {
            let (digits, after) = rest.split_at_checked(usize::from(short & 0x7f))?;
            rest = after;
            digits.iter().try_fold(0usize, |sum, digit| {
                sum.checked_mul(256)?.checked_add(usize::from(*digit))
            })?
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some(Element { tag, content, rest })
}

/// A text of one of the kinds that names are made of, fit to be shown.
fn shown(tag: u8, content: &[u8]) -> Option<String> {
    let text = match tag {
        // UTF8String, PrintableString, IA5String
        12 | 19 | 22 => String::from_utf8_lossy(content).into_owned(),
        // TeletexString, which is Latin 1 in practice
        20 => content.iter().copied().map(char::from).collect(),
        // BMPString
        30 => {
            let pairs = content.chunks_exact(2);
            let units: Vec<u16> = pairs
                .filter_map(|pair| <[u8; 2]>::try_from(pair).ok())
                .map(u16::from_be_bytes)
                .collect();
            String::from_utf16_lossy(&units)
        }
        _ => return None,
    };
    let text: String = text.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
    (!text.trim().is_empty()).then(|| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An element; contents up to 127 bytes.
    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut out = vec![tag, u8::try_from(content.len()).unwrap()];
        out.extend_from_slice(content);
        out
    }

    fn certificate(names: &[(u8, u8, &[u8])]) -> Vec<u8> {
        let part = |(kind, tag, text): &(u8, u8, &[u8])| {
            let pair = [der(6, &[0x55, 4, *kind]), der(*tag, text)].concat();
            der(0x31, &der(0x30, &pair))
        };
        let issuer: Vec<u8> = names.iter().flat_map(part).collect();
        let inner = [
            der(0xa0, &der(2, &[2])),
            der(2, &[1]),
            der(0x30, &der(6, &[0x2a])),
            der(0x30, &issuer),
        ];
        der(0x30, &der(0x30, &inner.concat()))
    }

    #[test]
    fn the_common_name_or_the_organisation() {
        for (names, want) in [
            (&[(10, 12, &b"Example Corp"[..]), (3, 12, b"Example Root")][..], Some("Example Root")),
            (&[(10, 19, b"Example Corp")], Some("Example Corp")),
            (&[(3, 30, &[0, b'A', 0, b'b'])], Some("Ab")),
            (&[(3, 20, b"M\xfcller")], Some("Müller")),
            (&[(3, 12, b"\x1b[31m red\n")], Some("[31m red")),
            (&[(3, 4, b"octets")], None),
            (&[], None),
        ] {
            assert_eq!(issuer(&certificate(names)).as_deref(), want, "{names:?}");
        }
    }

    #[test]
    fn a_real_one() {
        let made = rcgen::generate_simple_self_signed(["example.com".to_owned()]).unwrap();
        assert_eq!(issuer(made.cert.der()).as_deref(), Some("rcgen self signed cert"));
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(
            data in proptest::collection::vec(any::<u8>(), 0..200),
            at in 0usize..60,
            byte: u8,
        ) {
            let _ = issuer(&data);
            let mut damaged = certificate(&[(10, 12, b"Example Corp"), (3, 12, b"Example Root")]);
            if let Some(place) = damaged.get_mut(at) {
                *place = byte;
            }
            let _ = issuer(&damaged);
        }
    }
}
