// The page's words, in the language that was chosen here or else the browser's.

import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { de } from './de';
import { en } from './en';

export type Language = 'en' | 'de';
export type Words = { [key in keyof typeof en]: string };
export type Key = keyof Words;

const languages: Record<Language, Words> = { en, de };
const store = 'dramatis.language';

export interface I18n {
  language: Language;
  setLanguage(language: Language): void;
  // The words of a key, `{name}` replaced.
  t(key: Key, values?: Record<string, string | number>): string;
  date(time: string | Date): string;
  number(value: number): string;
}

const Context = createContext<I18n | undefined>(undefined);

function firstLanguage(): Language {
  const chosen = read();
  if (chosen) return chosen;
  const wanted = navigator.languages.map((name) => name.slice(0, 2).toLowerCase());
  return (wanted.find((name) => name in languages) as Language | undefined) ?? 'en';
}

function read(): Language | undefined {
  try {
    const chosen = localStorage.getItem(store);
    return chosen && chosen in languages ? (chosen as Language) : undefined;
  } catch {
    return undefined;
  }
}

export function I18nProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(firstLanguage);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const value = useMemo<I18n>(() => {
    const words = languages[language];
    const dates = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
    const numbers = new Intl.NumberFormat(language);
    return {
      language,
      setLanguage(next) {
        try {
          localStorage.setItem(store, next);
        } catch {
          // For as long as the page is open, then.
        }
        setLanguage(next);
      },
      t: (key, values) =>
        values === undefined
          ? words[key]
          : words[key].replace(/{(\w+)}/g, (all, name) => (name in values ? String(values[name]) : all)),
      date: (time) => {
        const date = typeof time === 'string' ? new Date(time) : time;
        return Number.isNaN(date.getTime()) ? '' : dates.format(date);
      },
      number: (number) => numbers.format(number),
    };
  }, [language]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

export function useI18n(): I18n {
  const value = useContext(Context);
  if (!value) throw new Error('no I18nProvider');
  return value;
}
