with

source as (

    select * from {{ source('quality', 'finding_opportunities') }}

),

renamed as (

    select

        ---------- ids
        finding_key,
        opportunity_id

    from source

)

select * from renamed
