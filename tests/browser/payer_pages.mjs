// The payer's way: from the message to the page, code in hand, paid, receipt.

import { pay } from './bank.mjs';
import { dayFromToday } from './local.mjs';
import { isReadable, looksSound } from './looks.mjs';
import { equal, expect } from './report.mjs';

const WIDTHS = [1280, 390];
const LANGUAGES = ['pt-BR', 'en'];
const WORDS = {
  'pt-BR': { open: 'Em aberto', amount: 'R$ 1.500,00', paid: 'Pagamento confirmado' },
  en: { open: 'Open', amount: 'R$ 1,500.00', paid: 'Payment confirmed' },
};
/** Longest the page may take to show a payment: one round of its slowest polling, and a render. */
const NOTICE_MS = 15_000;

export async function payerPages(report, browser, local) {
  const customer = await local.customer();
  const whole = {
    customer_id: customer.id,
    description: 'Manutenção de fornos',
    po_number: 'PC-88',
    amount: '1500.00',
    due_date: dayFromToday(10),
  };
  const invoice = await local.invoice({ ...whole, number: 'NF-1' });
  const url = invoice.portal_url;

  for (const width of WIDTHS) {
    for (const lang of LANGUAGES) {
      for (const scheme of ['light', 'dark']) {
        await report.check(`pay page, ${width} px, ${lang}, ${scheme}`, async () => {
          const page = await browser.page({ width, scheme });
          await shows(page, `${url}?lang=${lang}`, invoice, lang);
          await looksSound(page);
          await isReadable(page);
          await browser.picture(page, `pay-${width}-${lang}-${scheme}`);
          await page.done();
        });
      }
    }
  }
  await report.check('the button copies the very code of the API', () => copies(browser, invoice));
  await report.check('the code can be read and selected without a script', async () => {
    const page = await browser.page({ script: false });
    await page.goto(url);
    equal(await page.textContent('#code'), code(invoice), 'code');
    equal(await page.locator('[data-copy]').isVisible(), false, 'button that would do nothing');
    await page.done();
  });
  await report.check('a page left open stops asking, and starts again when told to', () => {
    return rests(browser, invoice);
  });
  await report.check('from the message to the code in two taps', () => {
    return twoTaps(browser, local, invoice);
  });
  for (const [width, lang] of [[1280, 'pt-BR'], [390, 'en']]) {
    await report.check(`paid while the page is open, ${width} px, ${lang}`, async () => {
      const open = await local.invoice({ ...whole, number: `NF-paid-${width}` });
      await paysAndSees(browser, local, open, width, lang);
    });
  }
  await report.check('instalments: pay one, go on to the next', async () => {
    const fields = { ...whole, number: 'NF-parts', instalments: { count: 3 } };
    await instalments(browser, local, await local.invoice(fields));
  });
  for (const [width, lang] of [[1280, 'pt-BR'], [390, 'en']]) {
    await report.check(`three ways out, ${width} px, ${lang}`, () => {
      return threeWays(browser, url, width, lang);
    });
  }
  await report.check('a day is promised without a script, and the page shows it', async () => {
    const open = await local.invoice({ ...whole, number: 'NF-word' });
    await promises(browser, local, open);
  });
  await report.check('overdue: why it is more than agreed, once time has passed', async () => {
    const late = await local.invoice({ ...whole, number: 'NF-late' });
    await overdue(browser, local, late);
  });
  await report.check('canceled while the page is open', async () => {
    const fields = { ...whole, number: 'NF-off', due_date: dayFromToday(60) };
    await canceled(browser, local, await local.invoice(fields));
  });
}

function code(invoice) {
  return invoice.instalments[0].charge.pix_copia_e_cola;
}

async function shows(page, url, invoice, lang) {
  const answer = await page.goto(url);
  equal(answer.status(), 200, 'status');
  const headers = answer.headers();
  expect(headers['content-security-policy']?.startsWith("default-src 'none'"), 'a strict policy');
  equal(headers['cache-control'], 'no-store', 'cache-control');
  equal(await page.getAttribute('html', 'lang'), lang, 'language');
  equal(await page.textContent('.amount'), WORDS[lang].amount, 'amount');
  equal(await page.textContent('.hero .chip'), WORDS[lang].open, 'status in words');
  equal(await page.textContent('#code'), code(invoice), 'code');
  const qr = page.getByRole('img', { name: 'QR Code Pix' });
  expect(await qr.isVisible(), 'the QR code is visible');
  expect(await page.locator('[data-copy]').isVisible(), 'the copy button is visible');
}

async function copies(browser, invoice) {
  const page = await browser.page({ width: 390 });
  await page.goto(invoice.portal_url);
  const button = page.locator('[data-copy]');
  const label = await button.textContent();
  await button.click();
  await page.waitForSelector('[data-copy].done');
  equal(await page.evaluate(() => navigator.clipboard.readText()), code(invoice), 'clipboard');
  equal(await page.textContent('#said'), await button.textContent(), 'what a screen reader hears');
  const isBack = (was) => document.querySelector('[data-copy]').textContent === was;
  await page.waitForFunction(isBack, label);
  equal(page.faults.join('\n'), '', 'faults');
  await page.done();
}

async function rests(browser, invoice) {
  const page = await browser.page({ width: 390 });
  let asked = 0;
  page.on('request', (request) => { asked += request.url().endsWith('/status') ? 1 : 0; });
  await page.clock.install();
  await page.goto(invoice.portal_url);
  const asking = async () => {
    const before = asked;
    await page.clock.runFor(11_000);
    await page.waitForTimeout(300);
    return asked > before;
  };
  expect(await asking(), 'an open page asks whether it was paid');
  await page.clock.fastForward('31:00');
  await page.locator('[data-paused]').waitFor();
  equal(await page.locator('[data-waiting]').isVisible(), false, 'waiting');
  equal(await asking(), false, 'asking after half an hour');
  await page.locator('[data-check]').click();
  await page.locator('[data-paused]').waitFor({ state: 'hidden' });
  expect(await asking(), 'asking again');
  equal(page.faults.join('\n'), '', 'faults');
  await page.done();
}

async function twoTaps(browser, local, invoice) {
  const page = await browser.page({ width: 390 });
  await page.goto(`${local.url}/_local/mail`);
  const rows = page.locator('a[href^="/_local/mail/"]');
  const messages = await rows.evaluateAll((all) => all.map((a) => a.href));
  for (const message of messages) {
    await page.goto(`${message}/html`);
    const link = page.locator(`a[href="${invoice.portal_url}"]`).first();
    if (await link.count() === 0) continue;
    // A message opens its links in a new tab.
    const [opened] = await Promise.all([page.waitForEvent('popup'), link.click()]);
    await opened.locator('[data-copy]').click();
    await opened.waitForSelector('[data-copy].done');
    equal(await opened.evaluate(() => navigator.clipboard.readText()), code(invoice), 'clipboard');
    await page.done();
    return;
  }
  throw new Error(`no message of ${messages.length} links to ${invoice.portal_url}`);
}

async function paysAndSees(browser, local, invoice, width, lang) {
  const page = await browser.page({ width });
  await page.goto(`${invoice.portal_url}?lang=${lang}`);
  await page.evaluate(() => { window.stayed = true; });
  await pay(browser, local, invoice.instalments[0].charge.txid);
  await page.waitForSelector('#page[data-state=paid]', { timeout: NOTICE_MS });
  equal(await page.evaluate(() => window.stayed), true, 'the page was not loaded again');
  equal(await page.textContent('#pay-title'), WORDS[lang].paid, 'heading');
  const said = await page.textContent('#said');
  expect(said.includes(WORDS[lang].amount), 'the payment is announced');
  expect((await page.title()).includes('NF-paid'), 'title');
  await looksSound(page);
  await isReadable(page);
  await browser.picture(page, `paid-${width}-${lang}`);
  await page.locator('#pay a').first().click();
  await page.waitForSelector('.receipt');
  const paid = await local.call('GET', `/v1/invoices/${invoice.id}`);
  equal(paid.status, 'paid', 'status at the API');
  const text = await page.textContent('.receipt');
  const [pix] = paid.instalments[0].payments;
  expect(text.includes(pix.payment_id), 'the Pix of the API is on the receipt');
  expect(text.includes(WORDS[lang].amount), 'amount on the receipt');
  equal(await page.getAttribute('html', 'lang'), lang, 'language of the receipt');
  await looksSound(page);
  await isReadable(page);
  await browser.picture(page, `receipt-${width}-${lang}`);
  await page.emulateMedia({ media: 'print' });
  equal(await page.locator('[data-print]').isVisible(), false, 'button on paper');
  await browser.picture(page, `receipt-print-${width}-${lang}`);
  await page.done();
}

async function threeWays(browser, url, width, lang) {
  const page = await browser.page({ width });
  await page.goto(`${url}?lang=${lang}`);
  equal(await page.locator('#options li').count(), 3, 'ways');
  for (const name of ['part', 'promise', 'question']) {
    await page.goto(`${url}?lang=${lang}`);
    await page.locator(`#options a[href*="/${name}"]`).first().click();
    await page.waitForURL(`**/${name}?lang=${lang}`);
    equal(await page.getAttribute('html', 'lang'), lang, `language of ${name}`);
    await looksSound(page);
    await isReadable(page);
    await browser.picture(page, `${name}-${width}-${lang}`);
  }
  await page.done();
}

async function promises(browser, local, invoice) {
  const page = await browser.page({ width: 390, script: false });
  await page.goto(`${invoice.portal_url}/promise`);
  const day = dayFromToday(5);
  await page.getByLabel('Dia do pagamento').fill(day);
  await page.getByLabel('Seu nome (opcional)').fill('Maria Souza');
  await page.getByRole('button', { name: 'Confirmar o dia' }).click();
  const shown = `Pagamento prometido para ${day.split('-').reverse().join('/')}`;
  equal(await page.textContent('h1'), shown, 'what became of it');
  const { handling } = await local.call('GET', `/v1/invoices/${invoice.id}`);
  equal(handling.promise.day, day, 'day at the API');
  equal(handling.promise.by, 'Maria Souza', 'who promised');
  await page.getByRole('link', { name: 'Voltar à fatura' }).click();
  expect((await page.textContent('.agreed')).startsWith(shown), 'the page shows it');
  await page.done();
}

async function instalments(browser, local, invoice) {
  const page = await browser.page({ width: 390 });
  await page.goto(invoice.portal_url);
  equal(await page.locator('.parts li').count(), 3, 'instalments');
  await pay(browser, local, invoice.instalments[0].charge.txid);
  await page.waitForSelector('#page[data-state=paid]', { timeout: NOTICE_MS });
  await looksSound(page);
  await browser.picture(page, 'instalments-390');
  await page.locator('.next a').click();
  await page.waitForSelector('#page[data-state=payable]');
  const second = invoice.instalments[1].charge.pix_copia_e_cola;
  equal(await page.textContent('#code'), second, 'code of the second instalment');
  equal(await page.textContent('.hero .chip'), 'Parcialmente paga', 'status of the invoice');
  await page.done();
}

async function overdue(browser, local, invoice) {
  const clock = await browser.page();
  await clock.goto(`${local.url}/_local/clock`);
  await clock.fill('input[name=date]', dayFromToday(20));
  const form = clock.locator('form', { has: clock.locator('input[name=date]') });
  await form.getByRole('button').click();
  await clock.waitForLoadState();
  await clock.done();
  const now = await local.until(invoice.id, ({ status }) => status === 'overdue');
  const due = now.instalments[0].amount_due;
  const page = await browser.page();
  await page.goto(`${invoice.portal_url}?lang=en`);
  equal(await page.textContent('.hero .chip'), 'Overdue', 'status');
  const reais = (amount) => Number(amount).toLocaleString('en-US', { minimumFractionDigits: 2 });
  equal(await page.textContent('.amount'), `R$ ${reais(due.total)}`, 'amount');
  const rows = await page.textContent('table.sum');
  for (const part of [due.original, due.late_fee, due.interest, due.total]) {
    expect(Number(part) > 0 && rows.includes(`R$ ${reais(part)}`), `${part} in: ${rows}`);
  }
  await looksSound(page);
  await isReadable(page);
  await browser.picture(page, 'overdue-1280-en');
  await page.emulateMedia({ media: 'print' });
  await browser.picture(page, 'overdue-print');
  await page.done();
}

async function canceled(browser, local, invoice) {
  const page = await browser.page();
  await page.goto(invoice.portal_url);
  await local.call('POST', `/v1/invoices/${invoice.id}/cancel`, { reason: 'sold twice' });
  await page.waitForSelector('#page[data-state=canceled]', { timeout: NOTICE_MS });
  equal(await page.locator('#code').count(), 0, 'codes of a canceled invoice');
  await looksSound(page);
  await isReadable(page);
  await browser.picture(page, 'canceled-1280');
  await page.done();
}
