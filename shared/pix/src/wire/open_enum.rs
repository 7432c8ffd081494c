//! Closed lists that banks may extend: an unknown value is kept as `Other`, never an error.

/// Declares an enum of wire words with an `Other(String)` catch.
macro_rules! open_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
            /// A value this version of the specification does not know.
            Other(String),
        }

        impl $name {
            /// The word on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                let word = <std::borrow::Cow<'_, str>>::deserialize(input)?;
                Ok(Self::from(word.as_ref()))
            }
        }
    };
}

open_enum! {
    /// Status of the charge *record*, not of the debt: an expired or overdue charge stays `ATIVA`
    /// and one paid with any amount becomes `CONCLUIDA`. Source: API Pix 2.9.0, `CobrancaStatus`.
    CobrancaStatus {
        /// Can be paid, as far as the record goes.
        Ativa = "ATIVA",
        /// Some Pix arrived for it, whatever its amount.
        Concluida = "CONCLUIDA",
        /// Removed by the receiver.
        RemovidaPeloUsuarioRecebedor = "REMOVIDA_PELO_USUARIO_RECEBEDOR",
        /// Removed by the bank.
        RemovidaPeloPsp = "REMOVIDA_PELO_PSP",
    }
}

impl CobrancaStatus {
    /// Whether the record was removed, by whoever.
    #[must_use]
    pub fn is_removed(&self) -> bool {
        matches!(self, Self::RemovidaPeloUsuarioRecebedor | Self::RemovidaPeloPsp)
    }
}

open_enum! {
    /// What a location may serve. Source: API Pix 2.9.0, `PayloadLocation`.
    TipoCob {
        /// Immediate charge.
        Cob = "cob",
        /// Charge with a due date.
        CobV = "cobv",
    }
}

open_enum! {
    /// Source: API Pix 2.9.0, `Devolucao`.
    DevolucaoStatus {
        /// Asked for, not settled.
        EmProcessamento = "EM_PROCESSAMENTO",
        /// The money went back. Final.
        Devolvido = "DEVOLVIDO",
        /// It did not go back. Final.
        NaoRealizado = "NAO_REALIZADO",
    }
}

open_enum! {
    /// Source: API Pix 2.9.0, `DevolucaoNatureza`. A receiver may ask only for the first two.
    DevolucaoNatureza {
        /// Refund of an ordinary Pix.
        Original = "ORIGINAL",
        /// Refund of a Pix Saque or Troco.
        Retirada = "RETIRADA",
        /// Special return mechanism, operational failure.
        MedOperacional = "MED_OPERACIONAL",
        /// Special return mechanism, fraud.
        MedFraude = "MED_FRAUDE",
        /// Special return mechanism, Pix Automático.
        MedPixAutomatico = "MED_PIX_AUTOMATICO",
    }
}
