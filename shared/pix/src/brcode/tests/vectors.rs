//! Codes published by others, and a few of ours, as they stand.
//!
//! Each good code is read strictly and written back byte for byte; each bad one is refused by
//! both readers, most of them with a right checksum so that only the check named can refuse it.

/// A code every reader must accept.
pub struct Good {
    pub number: u8,
    pub source: &'static str,
    pub text: &'static str,
}

/// Manual de Padrões para Iniciação do Pix, static example; many bad codes derive from it.
pub const MANUAL_STATIC: &str = "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-\
     4266554400005204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***63041D3D";

pub const GOOD: &[Good] = &[
    Good { number: 1, source: "Bacen manual, static", text: MANUAL_STATIC },
    Good {
        number: 2,
        source: "Bacen manual, dynamic",
        text: "00020101021226700014br.gov.bcb.pix2548pix.example.com/8b3da2f39a4140d1a91abd93113bd4\
               415204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***630464E4",
    },
    Good {
        number: 3,
        source: "bacen/pix-api openapi.yaml 2.9.0, journey 2: identifier only in 26",
        text: "00020126180014br.gov.bcb.pix5204000053039865802BR5913Fulano de Tal6008BRASILIA620705\
               03***80800014br.gov.bcb.pix2558pix.example.com/qr/v2/rec/2353c790eefb11eaadc10242ac1\
               20002630462C9",
    },
    Good {
        number: 4,
        source: "bacen/pix-api openapi.yaml 2.9.0, journey 3",
        text: "00020101021226760014br.gov.bcb.pix2554pix.example.com/qr/v2/8b3da2f39a4140d1a91abd93\
               113bd4415204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***80800014br.gov.\
               bcb.pix2558pix.example.com/qr/v2/rec/94ed2badcbc04c15b0bb7fa35319489063047741",
    },
    Good {
        number: 5,
        source: "bacen/pix-api openapi.yaml 2.9.0, journey 4",
        text: "00020101021226810014br.gov.bcb.pix2559pix.example.com/qr/v2/cobv/1e6c54d3ec9449b7a7f\
               c53b6b0f998e75204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***80800014br\
               .gov.bcb.pix2558pix.example.com/qr/v2/rec/3ffa640fa4f14080adccb949fa2dc0d06304A441",
    },
    Good {
        number: 6,
        source: "thalesog/pix-utils, static with amount and description; checksum starts with 0",
        text: "00020126510014br.gov.bcb.pix0115thalesog@me.com0210Pedido 12352040000530398654051\
               0.005802BR5914THALES OGLIARI6015SAO MIGUEL DO O62070503***63040DC6",
    },
    Good {
        number: 7,
        source: "thalesog/pix-utils, static with 26-03 and a txid that contains 6301",
        text: "00020126950014br.gov.bcb.pix01364004901d-bd85-4769-8e52-cb4c42c506dc0221Jornada paga\
               dor 431070308999990085204000053039865406577.575802BR5903Pix6008BRASILIA6229052599ed9\
               83ea570413d8d336301d630418B7",
    },
    Good {
        number: 8,
        source: "thalesog/pix-utils, static without amount",
        text: "00020126510014br.gov.bcb.pix0115thalesog@me.com0210Pedido 1235204000053039865802BR59\
               14THALES OGLIARI6015SAO MIGUEL DO O62070503***630462CA",
    },
    Good {
        number: 9,
        source: "thalesog/pix-utils, dynamic",
        text: "00020101021226740014br.gov.bcb.pix2552payload.psp.com/3ec9d2f9-5f03-4e0e-820d-63a81e\
               769e875204000053039865802BR5914THALES OGLIARI6015SAO MIGUEL DO O62070503***63042895",
    },
    Good {
        number: 10,
        source: "thalesog/pix-utils, static with recurrence",
        text: "00020126780014br.gov.bcb.pix0136f4c6089a-bfde-4c00-a2d9-9eaa584b02190216CobrancaEsta\
               tica5204000053039865406650.345802BR5903Pix6008BRASILIA6229052580a2d0a923984e8dbb80b4\
               adf80950014br.gov.bcb.pix2573qr-h.sandbox.pix.bcb.gov.br/rest/api/rec/d7913bcbfc4947\
               c9811669db12b403746304595A",
    },
    Good {
        number: 11,
        source: "thalesog/pix-utils, dynamic with recurrence",
        text: "00020101021226940014br.gov.bcb.pix2572qr-h.sandbox.pix.bcb.gov.br/rest/api/v2/7b2d64\
               c4eb744a2d92a4dd5f8cfc4dfa5204000053039865802BR5913FULANO DE TAL6008BRASILIA62070503\
               ***80950014br.gov.bcb.pix2573qr-h.sandbox.pix.bcb.gov.br/rest/api/rec/3d29b94249c54b\
               3f8c533d729f59b5e56304DBE0",
    },
    Good {
        number: 18,
        source: "generated: phone key, amount, txid",
        text: "00020126360014br.gov.bcb.pix0114+551198765432152040000530398654071234.565802BR5909AC\
               ME LTDA6009SAO PAULO62160512FAT2026000016304CE87",
    },
    Good {
        number: 19,
        source: "generated: alphanumeric CNPJ key",
        text: "00020126360014br.gov.bcb.pix011412ABC34501DE3552040000530398654040.015802BR5917ACME \
               ALFANUMERICA6008CURITIBA62080504INV16304BE0C",
    },
    Good {
        number: 20,
        source: "generated: location of a cobv",
        text: "00020101021226810014br.gov.bcb.pix2559pix.example.com/qr/v2/cobv/0123456789abcdef012\
               3456789abcdef5204000053039865802BR5909ACME LTDA6009SAO PAULO62070503***6304780C",
    },
    Good {
        number: 21,
        source: "generated: location of a cobv with recurrence",
        text: "00020101021226810014br.gov.bcb.pix2559pix.example.com/qr/v2/cobv/0123456789abcdef012\
               3456789abcdef5204000053039865802BR5909ACME LTDA6009SAO PAULO62070503***80800014br.go\
               v.bcb.pix2558pix.example.com/qr/v2/rec/fedcba9876543210fedcba98765432106304606B",
    },
];

/// Field 62 is missing.
pub const M11: &str = "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-\
     4266554400005204000053039865802BR5904ACME6008BRASILIA63043C61";
/// The location has a scheme; seen in the wild.
pub const M12: &str = "00020101021226550014br.gov.bcb.pix2533https://pix.example.com/qr/v2/abc\
     5204000053039865802BR5904ACME6008BRASILIA62070503***6304BC3F";
/// The name has 26 characters.
pub const M13: &str = "00020126360014br.gov.bcb.pix0114+55119876543215204000053039865802BR5926\
     ABCDEFGHIJKLMNOPQRSTUVWXYZ6009SAO PAULO62070503***63042579";
/// The txid of a static code has 26 characters.
pub const M14: &str = "00020126360014br.gov.bcb.pix0114+55119876543215204000053039865802BR5909\
     ACME LTDA6009SAO PAULO62300526ABCDEFGHIJKLMNOPQRSTUVWXYZ630405D6";
/// The currency is the dollar.
pub const M15: &str = "00020126360014br.gov.bcb.pix0114+55119876543215204000053038405802BR5909\
     ACME LTDA6009SAO PAULO62070503***6304C073";
/// The amount is negative.
pub const M16: &str = "00020126360014br.gov.bcb.pix0114+55119876543215204000053039865406-10.00\
     5802BR5909ACME LTDA6009SAO PAULO62070503***6304A1C4";
