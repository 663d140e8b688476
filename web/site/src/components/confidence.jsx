import { t } from '../lib/i18n.js';


// How sure the model is, as words, number and bar.  value: 0 to 100
export function Confidence({ value, small }) {
    const level = value >= 75 ? 'high' : value >= 45 ? 'middle' : 'low';

    return (
        <div class={`confidence confidence--${level}
                     ${small ? 'confidence--small' : ''}`}>
            <div class="confidence__bar" aria-hidden="true">
                <div class="confidence__fill"
                     style={{ inlineSize: `${value}%` }} />
            </div>
            <span class="confidence__number">
                {small ? t('confidence.number', { value }) : (
                    `${t('confidence.percent', { value })}`
                    + ` – ${t(`confidence.${level}`)}`
                )}
            </span>
        </div>
    );
}
