// An SMS centre on the npm package smpp, for tests. Prints a JSON line for the port and for each message that it takes; reads JSON
// lines: each is a deliver_sm to send to whoever is bound, by the package's own names of fields.
'use strict';
const smpp = require('smpp');
const readline = require('readline');

const say = (what) => process.stdout.write(JSON.stringify(what) + '\n');
let count = 0xa1b0;
const bound = [];

const server = smpp.createServer((session) => {
  session.on('error', () => {});
  session.on('close', () => bound.splice(bound.indexOf(session) >>> 0, 1));
  const bind = (pdu) => {
    if (pdu.password !== 'secret') {
      session.send(pdu.response({ command_status: smpp.ESME_RBINDFAIL }));
      return session.close();
    }
    if (pdu.command !== 'bind_transmitter') bound.push(session);
    session.send(pdu.response());
    say({ bound: pdu.command });
  };
  for (const kind of ['bind_transceiver', 'bind_transmitter', 'bind_receiver']) session.on(kind, bind);
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => { session.send(pdu.response()); session.close(); });
  session.on('submit_sm', (pdu) => {
    const id = count++;
    session.send(pdu.response({ message_id: id.toString(16).toUpperCase() }));
    const text = pdu.short_message && pdu.short_message.message;
    const udh = pdu.short_message && pdu.short_message.udh;
    say({
      to: pdu.destination_addr, from: pdu.source_addr, source_ton: pdu.source_addr_ton, coding: pdu.data_coding, text,
      udh: udh ? udh.map((element) => Buffer.from(element).toString('hex')) : null,
      payload: pdu.message_payload ? pdu.message_payload.message : null, sar: pdu.sar_segment_seqnum || null,
    });
    if (!pdu.registered_delivery) return;
    // The receipt writes the name in decimal, as many a carrier does.
    const receipt = `id:${id} sub:001 dlvrd:001 submit date:2611241200 done date:2611241201 stat:DELIVRD err:000 text:`;
    session.deliver_sm({
      esm_class: 4, source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, short_message: receipt,
    });
  });
});

server.listen(0, '127.0.0.1', () => say({ port: server.address().port }));

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const fields = JSON.parse(line);
  if (fields.udh) {
    fields.short_message = { udh: Buffer.from(fields.udh, 'hex'), message: fields.short_message };
    delete fields.udh;
  }
  for (const session of bound.slice(-1)) session.deliver_sm(fields, (pdu) => say({ answered: pdu.command_status }));
}).on('close', () => process.exit(0));
