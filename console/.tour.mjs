import { chromium } from 'playwright-core';
import AxeBuilder from '@axe-core/playwright';
const Axe = AxeBuilder.default ?? AxeBuilder;
const base='http://127.0.0.1:18080';
const b=await chromium.launch({executablePath:'/usr/bin/chromium',args:['--no-sandbox']});
const shots=[['bn','light',1366,768],['en','dark',1366,768],['hi','light',390,844],['bn','dark',390,844]];
for(const [l,c,w,h] of shots){
 const cx=await b.newContext({viewport:{width:w,height:h},colorScheme:c,locale:'en-IN'});
 await cx.addInitScript(l=>localStorage.setItem('daak.language',l),l);
 const p=await cx.newPage();
 p.on('console',m=>['error','warning'].includes(m.type())&&console.log(l,c,m.type(),m.text()));
 p.on('pageerror',e=>console.log('PAGEERR',e.message));
 const snap=async n=>{await p.screenshot({path:`/tmp/shots/${n}-${l}-${c}-${w}.png`});
  const r=await new Axe({page:p}).withTags(['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa']).analyze();
  for(const v of r.violations)console.log(n,l,c,w,v.id,v.nodes.slice(0,3).map(x=>x.html.slice(0,160)+' '+(x.any[0]?.message??'')));
  const o=await p.evaluate(()=>document.documentElement.scrollWidth-innerWidth);if(o>0)console.log('OVERFLOW',n,l,w,o);};
 await p.goto(base+'/?lang='+l);await snap('public');
 await p.goto(base+'/console/');await p.waitForSelector('form');await snap('signin');
 await p.fill('input[autocomplete=username]','admin');await p.fill('input[type=password]','daak-demonstration');await p.click('button.primary');
 await p.waitForSelector('.list ul li');await snap('list');
 const rows=await p.$$('.list ul li a');console.log(rows.length,'rows');
 const phone=await p.evaluate(async()=>{const r=await(await fetch('/api/v1/tickets?channel=phone')).json();return r.items[0]?.number});
 await p.goto(base+'/console/tickets/'+phone);await p.waitForSelector('.statement');await p.waitForFunction(()=>!document.querySelector('[aria-busy=true]'));await snap('ticket');
 await p.keyboard.press('c');await p.waitForSelector('form textarea');await snap('close');
 await p.keyboard.press('Escape');
 await p.goto(base+'/console/floor');await p.waitForSelector('table');await snap('floor');
 await p.goto(base+'/console/messages');await p.waitForSelector('main table, main li');await snap('messages');
 await cx.close();}
await b.close();
