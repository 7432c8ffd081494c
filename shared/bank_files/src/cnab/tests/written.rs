//! Writes return files for the tests, column by column, without the tables of the reader.

/// A line of `width` blanks with `fields` put at their first columns, counted from 1.
pub(super) fn line(width: usize, fields: &[(usize, &str)]) -> Vec<u8> {
    let mut line = vec![b' '; width];
    for (first, text) in fields {
        line[first - 1..first - 1 + text.len()].copy_from_slice(text.as_bytes());
    }
    line
}

/// The lines as a bank sends them.
pub(super) fn joined(lines: &[Vec<u8>]) -> Vec<u8> {
    lines.iter().flat_map(|line| line.iter().copied().chain(*b"\r\n")).collect()
}

/// A title as one would say it. Amounts are digits of centavos.
#[derive(Clone, Debug)]
pub(super) struct Spoken<'a> {
    pub(super) occurrence: &'a str,
    pub(super) our_number: &'a str,
    pub(super) document: &'a str,
    pub(super) company_use: &'a str,
    /// Kind and 15 characters.
    pub(super) payer: (&'a str, &'a str),
    pub(super) face: u64,
    pub(super) interest: u64,
    pub(super) discount: u64,
    pub(super) rebate: u64,
    pub(super) paid: u64,
    pub(super) fee: u64,
    /// `ddmmaaaa`.
    pub(super) event: &'a str,
    pub(super) credit: &'a str,
}

/// R$ 1,000.00 paid late with R$ 21.00 on top.
pub(super) const PAID: Spoken<'static> = Spoken {
    occurrence: "06",
    our_number: "00012345678901234567",
    document: "FAT-2026-0042",
    company_use: "",
    payer: ("2", "012ABC34501DE35"),
    face: 100_000,
    interest: 2_100,
    discount: 0,
    rebate: 0,
    paid: 102_100,
    fee: 190,
    event: "20112026",
    credit: "23112026",
};

/// A CNAB 240 file as FEBRABAN has it, written record by record.
#[derive(Clone, Debug)]
pub(super) struct Written240 {
    pub(super) lines: Vec<Vec<u8>>,
    bank: &'static str,
    lots: usize,
    lot_begins: usize,
    sequence: usize,
}

impl Written240 {
    /// Header and a first lot.
    pub(super) fn of(bank: &'static str) -> Self {
        let header = line(
            240,
            &[
                (1, bank),
                (4, "00000"),
                (18, "2"),
                (19, "11222333000181"),
                (53, "01234"),
                (58, "3"),
                (59, "000000056789"),
                (71, "X"),
                (73, "QUITA EXEMPLO LTDA"),
                (143, "2"),
                (144, "21112026"),
            ],
        );
        let lines = vec![header];
        Self { lines, bank, lots: 0, lot_begins: 0, sequence: 0 }.lot()
    }

    /// Opens the next lot.
    pub(super) fn lot(mut self) -> Self {
        self.lots += 1;
        self.sequence = 0;
        self.lot_begins = self.lines.len();
        let number = format!("{:04}", self.lots);
        self.lines.push(line(240, &[(1, self.bank), (4, &number), (8, "1"), (9, "T01")]));
        self
    }

    /// A detail of the open lot with the next sequence number.
    pub(super) fn detail(mut self, segment: &str, fields: &[(usize, &str)]) -> Self {
        self.sequence += 1;
        let (lot, sequence) = (format!("{:04}", self.lots), format!("{:05}", self.sequence));
        let control =
            [(1, self.bank), (4, lot.as_str()), (8, "3"), (9, sequence.as_str()), (14, segment)];
        self.lines.push(line(240, &[&control, fields].concat()));
        self
    }

    /// Segment T alone.
    pub(super) fn t(self, title: &Spoken<'_>) -> Self {
        let (face, fee) = (format!("{:015}", title.face), format!("{:015}", title.fee));
        self.detail(
            "T",
            &[
                (16, title.occurrence),
                (38, title.our_number),
                (58, "1"),
                (59, title.document),
                (74, "10112026"),
                (82, &face),
                (106, title.company_use),
                (133, title.payer.0),
                (134, title.payer.1),
                (149, "PAGADOR EXEMPLO SA"),
                (199, &fee),
            ],
        )
    }

    /// Segment U alone.
    pub(super) fn u(self, title: &Spoken<'_>) -> Self {
        let amounts = [title.interest, title.discount, title.rebate, 0, title.paid, title.paid];
        let amounts: String = amounts.iter().map(|amount| format!("{amount:015}")).collect();
        let nothing = "0".repeat(30);
        self.detail(
            "U",
            &[
                (16, title.occurrence),
                (18, &amounts),
                (108, &nothing),
                (138, title.event),
                (146, title.credit),
            ],
        )
    }

    /// A title in its two segments.
    pub(super) fn title(self, title: &Spoken<'_>) -> Self {
        self.t(title).u(title)
    }

    /// The Pix of the title before.
    pub(super) fn y03(self, txid: &str) -> Self {
        self.detail("Y", &[(18, "03"), (81, "2"), (82, "11222333000181"), (159, txid)])
    }

    /// Ends the open lot.
    pub(super) fn lot_end(mut self) -> Self {
        let count = format!("{:06}", self.lines.len() - self.lot_begins + 1);
        let number = format!("{:04}", self.lots);
        self.lines.push(line(240, &[(1, self.bank), (4, &number), (8, "5"), (18, &count)]));
        self
    }

    /// Ends the file after its last lot.
    pub(super) fn end(mut self) -> Vec<Vec<u8>> {
        let counts = format!("{:06}{:06}", self.lots, self.lines.len() + 1);
        self.lines.push(line(240, &[(1, self.bank), (4, "99999"), (18, &counts)]));
        self.lines
    }

    /// Ends lot and file.
    pub(super) fn lines(self) -> Vec<Vec<u8>> {
        self.lot_end().end()
    }

    /// The whole file.
    pub(super) fn bytes(self) -> Vec<u8> {
        joined(&self.lines())
    }
}

/// A CNAB 400 file: every record is given by its fields and counts itself.
#[derive(Clone, Debug)]
pub(super) struct Written400 {
    lines: Vec<Vec<u8>>,
}

impl Written400 {
    /// The header of `bank` with `account` at columns 27 to 46.
    pub(super) fn of(bank: &str, account: &str) -> Self {
        let written = Self { lines: Vec::new() };
        written.record(&[(1, "02RETORNO01COBRANCA"), (27, account), (77, bank), (95, "211126")])
    }

    /// Any record.
    pub(super) fn record(mut self, fields: &[(usize, &str)]) -> Self {
        let sequence = format!("{:06}", self.lines.len() + 1);
        self.lines.push(line(400, &[fields, &[(395, sequence.as_str())]].concat()));
        self
    }

    /// The fields of a title that all banks share, then `own`.
    pub(super) fn title(self, kind: &str, title: &Spoken<'_>, own: &[(usize, &str)]) -> Self {
        let short = |day: &str| format!("{}{}", &day[..4], &day[6..]);
        let event = short(title.event);
        let face = format!("{:013}", title.face);
        let amounts = [title.rebate, title.discount, title.paid, title.interest];
        let amounts: String = amounts.iter().map(|amount| format!("{amount:013}")).collect();
        let shared = [
            (1, kind),
            (109, title.occurrence),
            (111, event.as_str()),
            (117, "0042/01"),
            (153, face.as_str()),
            (228, amounts.as_str()),
        ];
        self.record(&[&shared, own].concat())
    }

    /// The lines with the trailer.
    pub(super) fn lines(self) -> Vec<Vec<u8>> {
        self.record(&[(1, "9201")]).lines
    }

    /// The whole file.
    pub(super) fn bytes(self) -> Vec<u8> {
        joined(&self.lines())
    }
}
