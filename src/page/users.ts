/** The users whose keys begin with what was typed. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { UsersAnswer } from '../server/schemas.ts';
import type { Client } from './client.ts';

const pause = 120;

/** @param typed undefined: nobody searches */
export function useUsers(client: Client, typed: string | undefined): UsersAnswer['users'] {
  const [found, setFound] = useState<UsersAnswer['users']>([]);
  const latest = useRef(0);
  useEffect(() => {
    if (typed === undefined) return;
    const number = ++latest.current;
    const timer = setTimeout(async () => {
      const query = new URLSearchParams({ limit: '8', prefix: typed.slice(0, 1000) });
      const reply = await client.get<UsersAnswer>(`/v1/users?${query}`);
      // Answers may come in another order than they were asked for.
      if (number === latest.current && reply.kind === 'answer') setFound(reply.value.users);
    }, pause);
    return () => clearTimeout(timer);
  }, [typed]);
  return found;
}
