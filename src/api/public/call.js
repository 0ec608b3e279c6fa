// Calls the helpline from the page. Without this script the page works all the same.
'use strict';
(() => {
  const part = document.getElementById('from-browser');
  if (!part || !window.RTCPeerConnection || !navigator.mediaDevices || !crypto.subtle) return;
  const [begin, end, keys, told] = ['begin', 'end', 'keys', 'told'].map((name) => part.querySelector(`[data-part=${name}]`));
  const say = (word) => (told.textContent = word ? part.dataset[word] : '');
  let call;
  part.hidden = false;

  async function solve(salt, bits) {
    for (let n = 0; ; n += 1) {
      const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(salt + n)));
      let zeros = 0;
      for (const byte of hash) {
        zeros += byte ? Math.clz32(byte) - 24 : 8;
        if (byte) break;
      }
      if (zeros >= bits) return String(n);
    }
  }

  function show(calling) {
    begin.hidden = calling;
    end.hidden = keys.hidden = !calling;
  }

  function over(word) {
    if (!call) return;
    const { socket, peer, voice, ear } = call;
    call = undefined;
    socket?.close();
    peer.close();
    voice?.getTracks().forEach((track) => track.stop());
    ear.remove();
    show(false);
    say(word);
    begin.focus();
  }

  begin.addEventListener('click', async () => {
    const own = (call = { peer: new RTCPeerConnection(), ear: document.createElement('audio') });
    own.ear.autoplay = true;
    own.ear.hidden = true;
    own.ear.dataset.part = 'helpline';
    document.body.append(own.ear);
    own.peer.ontrack = ({ track }) => (own.ear.srcObject = new MediaStream([track]));
    show(true);
    say('connecting');
    end.focus();
    try {
      own.voice = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      return over('microphone');
    }
    if (call !== own) return own.voice.getTracks().forEach((track) => track.stop());
    own.voice.getTracks().forEach((track) => own.peer.addTrack(track, own.voice));
    await own.peer.setLocalDescription(await own.peer.createOffer());
    own.socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/public/v1/call`);
    own.socket.onclose = () => call === own && over('failed');
    own.socket.onmessage = async ({ data }) => {
      const news = JSON.parse(data);
      if (news.event === 'puzzle') {
        const nonce = await solve(news.salt, news.bits);
        own.socket.send(JSON.stringify({ do: 'call', sdp: own.peer.localDescription.sdp, nonce }));
      } else if (news.event === 'answer') await own.peer.setRemoteDescription({ type: 'answer', sdp: news.sdp });
      else if (news.event === 'answered') say('talking');
      else if (news.event === 'over') over('over');
      else if (news.event === 'refused') over('failed');
    };
  });
  end.addEventListener('click', () => {
    call?.socket?.readyState === 1 && call.socket.send(JSON.stringify({ do: 'hang_up' }));
    over('over');
  });
  keys.addEventListener('click', ({ target }) => {
    const key = target.closest('button')?.textContent;
    if (key && call?.socket?.readyState === 1) call.socket.send(JSON.stringify({ do: 'press', key }));
  });
})();
